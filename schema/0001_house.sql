-- The first tables.  Constraints carry the rules that data can carry; ARCHITECTURE.md section 6 says why each is as it is.
-- Whoever may read what is decided in functions/audience.sql and nowhere else.

create table actor (                                   -- anyone, anywhere
    id bigint primary key,                             -- core.ids: milliseconds and chance: betrays no count
    uri text not null unique,
    kind text not null default 'Person' check (kind in ('Person', 'Group', 'Service', 'Application', 'Organization')),
    username text not null, host text not null,        -- of the handle @username@host
    name text not null default '', note text not null default '',         -- note: HTML, ours or sanitised
    url text, avatar text, header text,
    fields text[] not null default '{}',               -- {{name, value}, ...}, values as HTML
    inbox text not null, shared_inbox text, followers text unique,
    local boolean not null default false,
    locked boolean not null default true, discoverable boolean not null default false,
    published_at timestamptz not null,
    fetched_at timestamptz,                            -- null: ours
    suspended_at timestamptz,
    deleted_at timestamptz,
    check (local = (fetched_at is null))
);
create index actor_handle on actor (lower(username), host);
create unique index actor_local_name on actor (lower(username)) where local;
create index actor_suspended on actor (id) where suspended_at is not null;      -- asked for each post that anybody reads

create table login (                                   -- who signs in; never leaves the house
    id bigint primary key generated always as identity,
    email text not null, password_hash text not null,
    role text not null default 'member' check (role in ('member', 'moderator', 'admin')),
    created_at timestamptz not null, disabled_at timestamptz
);
create unique index login_email on login (lower(email));

create table account (                                 -- an actor who lives here; people say persona.  One login, many of them
    actor_id bigint primary key references actor on delete cascade,
    login_id bigint references login on delete cascade,                   -- null: the instance's own actor
    past_open boolean not null default false,          -- new followers may read what was said before
    hold interval not null default '0 s' check (hold between '0 s' and '120 s'),
    ceiling text not null default 'private' check (ceiling in ('private', 'unlisted', 'public')),   -- the widest a post of theirs may be
    language text,
    notifications bigint not null default 0            -- the number of the last one: counted per account, so that no number tells how busy the server is
);
create index account_login on account (login_id);

create table actor_key (                               -- public halves, ours and theirs
    uri text primary key,
    actor_id bigint not null references actor on delete cascade,
    kind text not null check (kind in ('rsa', 'ed25519')),
    public text not null,                              -- PEM, or Multikey for ed25519
    fetched_at timestamptz not null
);
create index actor_key_actor on actor_key (actor_id);
create table secret_key (                              -- apart, so that no `select *` and no log can show one
    actor_id bigint not null references actor on delete cascade,
    kind text not null check (kind in ('rsa', 'ed25519')),
    private bytea not null,                            -- PKCS #8, DER
    primary key (actor_id, kind)
);

create table follow (
    id bigint not null unique,                         -- core.ids: the order of lists
    follower_id bigint not null references actor on delete cascade,
    target_id bigint not null references actor on delete cascade,
    state text not null check (state in ('requested', 'accepted')),
    uri text not null unique,                          -- of the Follow activity: Accept, Reject and Undo name it
    reads_from timestamptz,                            -- the acceptance; -infinity where the target opens the past
    primary key (follower_id, target_id),
    check (follower_id <> target_id),
    check ((state = 'accepted') = (reads_from is not null))
);
create index follow_target on follow (target_id, id) where state = 'accepted';
create index follow_requests on follow (target_id, id) where state = 'requested';
create table block (
    blocker_id bigint not null references actor on delete cascade, blocked_id bigint not null references actor on delete cascade,
    primary key (blocker_id, blocked_id), unique (blocked_id, blocker_id)
);

create table circle (                                  -- what names it, and who may write what: the circle protocol
    id bigint primary key references actor, uri text not null unique      -- id: our own facade for it, a Group actor
);
create table circle_entry (                            -- the replicated log, byte for byte as it came
    hash bytea primary key, circle_id bigint not null references circle on delete cascade,
    parents bytea[] not null, body bytea not null,     -- parents: the entries its author knew
    applied bigint not null generated always as identity, unique (circle_id, applied)     -- as we took it in, parents first
);
create table circle_member (                           -- one row a stay; computed from the log, recomputed at will
    id bigint primary key generated always as identity,
    circle_id bigint not null references circle on delete cascade, actor_id bigint not null references actor on delete cascade,
    joined_by bytea not null references circle_entry,
    ended_by bytea references circle_entry,            -- null: is in it
    reads_from timestamptz not null default 'infinity',     -- how far the circle opens its past to this newcomer
    unique (circle_id, actor_id, joined_by)
);
create index circle_member_actor on circle_member (actor_id, circle_id) where ended_by is null;
create index circle_member_circle on circle_member (circle_id) where ended_by is null;
create table circle_roll (                             -- a set of stays, known by the digest of the sorted set
    id bigint primary key generated always as identity, circle_id bigint not null references circle on delete cascade,
    digest bytea not null, unique (circle_id, digest), unique (id, circle_id)
);
create table circle_roll_member (
    roll_id bigint not null references circle_roll on delete cascade,
    member_id bigint not null references circle_member on delete cascade, primary key (roll_id, member_id)
);

create table post (
    id bigint primary key,                             -- as actor.id, by our clock on arrival
    uri text not null unique,                          -- outlives its words: a tombstone refuses their return
    url text,                                          -- where its own server shows it to people; null: ours, derived
    author_id bigint not null references actor on delete cascade,
    in_reply_to bigint references post on delete set null,
    in_reply_to_uri text,                              -- kept where the parent is not known here
    kind text not null default 'Note',
    content text not null,                             -- HTML, ours or sanitised
    source text,                                       -- as typed; null: not written here
    summary text not null default '',                  -- the content warning, plain text
    sensitive boolean not null default false,
    language text,
    listed boolean not null default true,
    said_at timestamptz,                               -- null while held
    edited_at timestamptz, fades_at timestamptz,
    deleted_at timestamptz check (deleted_at is null or content = '' and source is null and summary = '')   -- taken back means erased
);
create index post_author on post (author_id, id desc);
create index post_in_reply_to on post (in_reply_to) where in_reply_to is not null;
create index post_orphan on post (in_reply_to_uri) where in_reply_to is null and in_reply_to_uri is not null;
alter table post set (autovacuum_vacuum_insert_scale_factor = 0.02);      -- index-only scans want the visibility map

create type audience_kind as enum ('public', 'followers', 'circle', 'actor');
create table post_audience (
    post_id bigint not null references post on delete cascade, kind audience_kind not null,
    actor_id bigint references actor on delete cascade,                   -- followers: whose; actor: who
    circle_id bigint references circle on delete cascade, roll_id bigint,
    only_then boolean not null default false,          -- the circle's openness to newcomers does not open this one
    check ((kind in ('followers', 'actor')) = (actor_id is not null)),
    check ((kind = 'circle') = (circle_id is not null and roll_id is not null) and (kind = 'circle' or not only_then)),
    unique nulls not distinct (post_id, kind, actor_id, circle_id),
    foreign key (roll_id, circle_id) references circle_roll (id, circle_id) on delete cascade
);
create index post_audience_circle on post_audience (circle_id, post_id desc) where kind = 'circle';
create index post_audience_actor  on post_audience (actor_id, post_id desc)  where kind = 'actor';
create table mention (                                 -- who is named in the text; no permission
    post_id bigint not null references post on delete cascade, actor_id bigint not null references actor on delete cascade,
    primary key (post_id, actor_id)
);
create table home_entry (                              -- an index written on arrival, never a permission
    viewer_id bigint not null references actor on delete cascade, post_id bigint not null references post on delete cascade,
    primary key (viewer_id, post_id)
);
create index home_entry_post on home_entry (post_id);
create table tally (                                   -- counted along as posts come and go: counting them at each look would read them all
    actor_id bigint primary key references actor on delete cascade,
    public_posts int not null                          -- the one number about somebody's posts that is everybody's
);

create table notification (
    account_id bigint not null references account on delete cascade,
    id bigint not null,                                -- account.notifications, counted up
    kind text not null check (kind in ('mention', 'follow', 'follow_request')),
    actor_id bigint not null references actor on delete cascade,          -- who caused it
    post_id bigint references post on delete cascade,
    created_at timestamptz not null,
    primary key (account_id, id),
    unique nulls not distinct (account_id, kind, actor_id, post_id)       -- a repeat rings once
);
create index notification_post on notification (post_id) where post_id is not null;
create table marker (                                  -- how far an account has read
    account_id bigint not null references account on delete cascade,
    timeline text not null check (timeline in ('home', 'notifications')),
    last_read_id bigint not null, version int not null default 1, updated_at timestamptz not null,
    primary key (account_id, timeline)
);

create table invitation (                              -- a link that makes one account; the first run prints one
    secret_digest bytea primary key,                   -- SHA-256: the table opens nothing to its reader
    role text not null default 'member' check (role in ('member', 'moderator', 'admin')),
    created_at timestamptz not null, expires_at timestamptz not null
);
create table browser_session (                         -- somebody signed in on our pages
    secret_digest bytea primary key,
    login_id bigint not null references login on delete cascade,
    created_at timestamptz not null, expires_at timestamptz not null
);
create table attempt (                                 -- what may not be tried too often (sign-in, tokens, registrations), for all processes
    key bytea not null,                                -- digest of what is tried and by whom: an address, an e-mail address
    made_at timestamptz not null
);
create index attempt_key on attempt (key, made_at);
create index attempt_age on attempt (made_at);
create table oauth_app (
    id bigint primary key,
    client_id text not null unique, secret_digest bytea not null,
    name text not null, website text,
    redirect_uris text[] not null, scopes text[] not null,
    created_at timestamptz not null
);
create table oauth_token (
    id bigint primary key,
    secret_digest bytea not null unique,
    app_id bigint not null references oauth_app on delete cascade,
    actor_id bigint references account on delete cascade,                 -- the one persona it speaks for; null: the app alone
    scopes text[] not null,
    created_at timestamptz not null, used_at timestamptz, revoked_at timestamptz
);
create index oauth_token_actor on oauth_token (actor_id);
create table oauth_code (
    secret_digest bytea primary key,
    app_id bigint not null references oauth_app on delete cascade,
    actor_id bigint not null references account on delete cascade,
    redirect_uri text not null, scopes text[] not null,
    challenge text,                                    -- PKCE, S256
    expires_at timestamptz not null,
    token_id bigint references oauth_token on delete cascade              -- what it was exchanged for: a second use revokes that
);
create table idempotency (                             -- the same request twice makes one post
    actor_id bigint not null references account on delete cascade, key text not null,
    digest bytea not null,                             -- of the request
    post_id bigint not null references post on delete cascade,
    created_at timestamptz not null,
    primary key (actor_id, key)
);

create table received (                                -- what came in; the row stays a while to refuse repeats
    id bigint primary key generated always as identity,
    activity_uri text not null, inbox_of bigint references actor on delete cascade,       -- whose personal inbox; null: the shared one
    signer_id bigint not null references actor on delete cascade,
    kind text not null, about text,                    -- its type, and the id of its object
    signature bytea not null unique,                   -- its fingerprint: the same request again is no second one
    signed_at timestamptz not null,                    -- by the sender's clock
    body bytea,                                        -- until understood
    received_at timestamptz not null
);
create unique index received_once on received (activity_uri, inbox_of) nulls not distinct where kind <> 'Update';   -- GoToSocial's have one id
create index received_age on received (received_at);
create index received_about on received (about) where kind = 'Undo' or body is not null;   -- what is undone stays so; what is deleted is not kept
create table job (                                     -- leased one by one: a lease moves run_at forward
    id bigint primary key generated always as identity,
    kind text not null, payload text not null,         -- payload: JSON, ids only
    lane bigint,                                       -- whose deeds: those of one actor are told in their order; null: in any
    run_at timestamptz not null, attempts int not null default 0,
    failure text                                       -- buried, with the reason (never with words)
);
create index job_due on job (run_at) where failure is null;
create index job_lane on job (lane, id) where failure is null and lane is not null;
create table destination (                             -- a host we write to; leased whole
    host text primary key, next_attempt_at timestamptz not null default '-infinity',      -- backoff and breaker alike
    lease_owner uuid, lease_until timestamptz not null default '-infinity',
    fail_count int not null default 0, first_failed_at timestamptz,       -- a signed request from the host clears these
    signs text not null default 'cavage' check (signs in ('cavage', 'rfc9421'))
);
create table activity (                                -- what we say: the bytes that are sent
    id bigint primary key generated always as identity, uri text not null,
    host text,                                         -- said to this host alone: in private, each is told its own people only
    signer_id bigint not null references actor on delete cascade,
    body bytea not null, unique nulls not distinct (uri, host)
);
create table delivery (                                -- one activity to one inbox; id is the order within a host
    id bigint primary key generated always as identity, host text not null references destination, inbox text not null,
    activity_id bigint not null references activity on delete cascade,
    post_id bigint references post on delete cascade,  -- what it is about: a retraction finds it here
    attempted boolean not null default false,          -- set before the first byte: it may have arrived
    refused int not null default 0,                    -- how often the host, alive, failed over this one: one bad activity must not hold up the rest
    give_up_at timestamptz not null,                   -- later for a Delete than for a Create
    unique (activity_id, inbox)
);
create index delivery_queue on delivery (host, id);
create index delivery_post on delivery (post_id) where post_id is not null;
create table post_sent (                               -- where a post has gone: retractions follow it, receipts come back
    post_id bigint not null references post on delete cascade, inbox text not null,
    host text not null references destination,
    gone_at timestamptz, primary key (post_id, inbox)  -- gone_at: the host confirmed the erasure
);
create table buried_inbox (                            -- answered 410; until its host is heard of again
    inbox text primary key, host text not null references destination
);
