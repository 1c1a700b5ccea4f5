-- Who may read: the one decision, asked from both sides.  Plain `stable` SQL, so that PostgreSQL inlines it: `security definer`, `set` or
-- `volatile` here would make every timeline scan all that the viewer may see (tests/house holds the plans).
-- tests/store/test_audience.py holds both functions against an oracle, and keeps the mutants that must die.

create or replace function addressed_posts(viewer bigint) returns setof post language sql stable as $$       -- viewer null: a stranger
    select p.* from post p
     where (p.author_id = viewer or p.said_at is not null and exists (
                select from post_audience a
                 where a.post_id = p.id and case a.kind
                       when 'public'    then true
                       when 'actor'     then a.actor_id = viewer
                       when 'followers' then exists (
                           select from follow f
                            where f.follower_id = viewer and f.target_id = a.actor_id
                              and f.state = 'accepted' and f.reads_from <= p.said_at)
                       when 'circle'    then exists (
                           select from circle_member m
                            where m.circle_id = a.circle_id and m.actor_id = viewer and m.ended_by is null
                              and (not a.only_then and m.reads_from <= p.said_at or exists (
                                   select from circle_roll_member r where r.roll_id = a.roll_id and r.member_id = m.id)))
                       end))
       and not exists (select from block b
                        where (b.blocker_id, b.blocked_id) in ((p.author_id, viewer), (viewer, p.author_id)))
       and not exists (select from actor s where s.id in (p.author_id, viewer) and s.suspended_at is not null)
$$;

create or replace function visible_posts(viewer bigint) returns setof post language sql stable as $$         -- what the viewer may read
    select p.* from addressed_posts(viewer) p where p.deleted_at is null
$$;
create or replace function buried_posts(viewer bigint) returns setof post language sql stable as $$          -- tombstones of what they could read
    select p.* from addressed_posts(viewer) p where p.deleted_at is not null
$$;

create or replace function readers_of(the_post bigint) returns setof bigint language sql stable as $$        -- if public: the author's followers
    with said as (select * from post where id = the_post and deleted_at is null), reader(id) as (
        select p.author_id from said p
        union select a.actor_id from said p join post_audience a on a.post_id = p.id
         where a.kind = 'actor' and p.said_at is not null
        union select f.follower_id from said p join post_audience a on a.post_id = p.id
          join follow f on f.target_id = coalesce(a.actor_id, p.author_id) and f.state = 'accepted'
         where a.kind = 'public' and p.said_at is not null or a.kind = 'followers' and f.reads_from <= p.said_at
        union select m.actor_id from said p join post_audience a on a.post_id = p.id
          join circle_member m on m.circle_id = a.circle_id and m.ended_by is null
         where a.kind = 'circle' and p.said_at is not null and (not a.only_then and m.reads_from <= p.said_at or exists (
               select from circle_roll_member r where r.roll_id = a.roll_id and r.member_id = m.id)))
    select r.id from reader r cross join said p
     where not exists (select from block b where (b.blocker_id, b.blocked_id) in ((p.author_id, r.id), (r.id, p.author_id)))
       and not exists (select from actor s where s.id in (p.author_id, r.id) and s.suspended_at is not null)
$$;
