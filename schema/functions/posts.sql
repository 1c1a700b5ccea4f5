-- What the server must know of posts without showing them to anybody: the base table is read here and in audience.sql, nowhere else.

create or replace function known_post(the_uri text)      -- that it exists, whose it is, whether its words are gone; none of its words
    returns table (id bigint, author_id bigint, said_at timestamptz, edited_at timestamptz, deleted_at timestamptz) language sql stable as $$
    select p.id, p.author_id, p.said_at, p.edited_at, p.deleted_at from post p where p.uri = the_uri
$$;

create or replace function grave(the_uri text, viewer bigint) returns setof post language sql stable as $$
    -- the tombstone of a post, for those who could read it: what is left of it is its id and whose it was
    select p.* from post p
     where p.uri = the_uri and p.deleted_at is not null
       and (p.author_id = viewer or exists (
                select from post_audience a
                 where a.post_id = p.id and (a.kind = 'public' or a.kind = 'actor' and a.actor_id = viewer
                       or a.kind = 'followers' and exists (
                           select from follow f where f.follower_id = viewer and f.target_id = a.actor_id
                              and f.state = 'accepted' and f.reads_from <= p.said_at)
                       or a.kind = 'circle' and exists (
                           select from circle_member m
                            where m.circle_id = a.circle_id and m.actor_id = viewer and m.ended_by is null
                              and (not a.only_then and m.reads_from <= p.said_at or exists (
                                   select from circle_roll_member r where r.roll_id = a.roll_id and r.member_id = m.id))))))
       and not exists (select from block b
                        where (b.blocker_id, b.blocked_id) in ((p.author_id, viewer), (viewer, p.author_id)))
       and not exists (select from actor s where s.id in (p.author_id, viewer) and s.suspended_at is not null)
$$;

create or replace function homes_of(the_post bigint) returns setof bigint language sql stable as $$
    -- the accounts here in whose home a post belongs: those of its readers who follow its author; an answer only where they follow the answered
    -- person too (as Mastodon does).  Always a part of readers_of.
    select a.actor_id
      from post p cross join lateral readers_of(p.id) r(id)
      join account a on a.actor_id = r.id
      left join post parent on parent.id = p.in_reply_to
     where p.id = the_post
       and (r.id = p.author_id
            or exists (select from follow f where f.follower_id = r.id and f.target_id = p.author_id and f.state = 'accepted')
               and (p.in_reply_to_uri is null or parent.author_id in (r.id, p.author_id)
                    or exists (select from follow f where f.follower_id = r.id and f.target_id = parent.author_id and f.state = 'accepted')))
$$;
