-- What the server must know of posts without showing them to anybody: the base table is read here and in audience.sql, nowhere else.

create or replace function known_post(the_uri text)      -- that it exists, whose it is, whether its words are gone; none of its words
    returns table (id bigint, author_id bigint, said_at timestamptz, edited_at timestamptz, deleted_at timestamptz) language sql stable as $$
    select p.id, p.author_id, p.said_at, p.edited_at, p.deleted_at from post p where p.uri = the_uri
$$;

create or replace function homes_of(the_post bigint) returns setof bigint language sql stable as $$
    -- the accounts here in whose home a post belongs: those of its readers who follow its author; an answer only where they follow the answered
    -- person too (as Mastodon does).  Always a part of readers_of.
    -- Asked for each post that arrives, by a plan made before there were any.  So what belongs to one reader is a scalar question, which is always
    -- answered by an index: for `exists` and joins such a plan reads whole tables.
    select r.id
      from post p cross join lateral readers_of(p.id) r(id)
     where p.id = the_post
       and (select true from account a where a.actor_id = r.id)
       and (r.id = p.author_id
            or (select true from follow f where f.follower_id = r.id and f.target_id = p.author_id and f.state = 'accepted')
               and (p.in_reply_to_uri is null
                    or (select parent.author_id in (r.id, p.author_id)
                               or (select true from follow f
                                    where f.follower_id = r.id and f.target_id = parent.author_id and f.state = 'accepted')
                          from post parent where parent.id = p.in_reply_to)))
$$;

create or replace function orphans_of(the_uri text) returns setof bigint language sql stable as $$
    -- answers to what is not here
    select o.id from post o where o.in_reply_to is null and o.in_reply_to_uri = the_uri
$$;

create or replace function awaiting(the_post bigint) returns setof bigint language sql stable as $$
    -- answers that came before what they answer, as far as their authors may read it
    select o.id from post p join post o on o.in_reply_to is null and o.in_reply_to_uri = p.uri
     where p.id = the_post and exists (select from visible_posts(o.author_id) v where v.id = p.id)
$$;
