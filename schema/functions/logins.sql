-- What may be known of the login behind an account without knowing which: personas must not be linkable.

create or replace function is_disabled(the_actor bigint) returns boolean language sql stable as $$      -- nobody may act as this account now
    select exists (select from account a join login l on l.id = a.login_id where a.actor_id = the_actor and l.disabled_at is not null)
        or exists (select from actor where id = the_actor and suspended_at is not null)
$$;
