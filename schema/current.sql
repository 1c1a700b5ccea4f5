-- What all migrations and functions come to.  Written by `python -m tests.database`; do not edit.

create type audience_kind as enum ('public', 'followers', 'circle', 'actor');

create table account (
    actor_id bigint not null,
    login_id bigint,
    past_open boolean not null default false,
    hold interval not null default '00:00:00'::interval,
    ceiling text not null default 'private'::text,
    language text,
    notifications bigint not null default 0,
    constraint account_pkey PRIMARY KEY (actor_id),
    constraint account_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint account_login_id_fkey FOREIGN KEY (login_id) REFERENCES login(id) ON DELETE CASCADE,
    constraint account_ceiling_check CHECK (ceiling = ANY (ARRAY['private'::text, 'unlisted'::text, 'public'::text])),
    constraint account_hold_check CHECK (hold >= '00:00:00'::interval AND hold <= '00:02:00'::interval)
);
CREATE INDEX account_login ON account USING btree (login_id);

create table activity (
    id bigint not null generated always as identity,
    uri text not null,
    host text,
    signer_id bigint not null,
    body bytea not null,
    constraint activity_pkey PRIMARY KEY (id),
    constraint activity_uri_host_key UNIQUE NULLS NOT DISTINCT (uri, host),
    constraint activity_signer_id_fkey FOREIGN KEY (signer_id) REFERENCES actor(id) ON DELETE CASCADE
);

create table actor (
    id bigint not null,
    uri text not null,
    kind text not null default 'Person'::text,
    username text not null,
    host text not null,
    name text not null default ''::text,
    note text not null default ''::text,
    url text,
    avatar text,
    header text,
    fields text[] not null default '{}'::text[],
    inbox text not null,
    shared_inbox text,
    followers text,
    local boolean not null default false,
    locked boolean not null default true,
    discoverable boolean not null default false,
    published_at timestamp with time zone not null,
    fetched_at timestamp with time zone,
    suspended_at timestamp with time zone,
    deleted_at timestamp with time zone,
    constraint actor_pkey PRIMARY KEY (id),
    constraint actor_followers_key UNIQUE (followers),
    constraint actor_uri_key UNIQUE (uri),
    constraint actor_check CHECK (local = (fetched_at IS NULL)),
    constraint actor_kind_check CHECK (kind = ANY (ARRAY['Person'::text, 'Group'::text, 'Service'::text, 'Application'::text, 'Organization'::text]))
);
CREATE INDEX actor_handle ON actor USING btree (lower(username), host);
CREATE UNIQUE INDEX actor_local_name ON actor USING btree (lower(username)) WHERE local;
CREATE INDEX actor_suspended ON actor USING btree (id) WHERE suspended_at IS NOT NULL;

create table actor_key (
    uri text not null,
    actor_id bigint not null,
    kind text not null,
    public text not null,
    fetched_at timestamp with time zone not null,
    constraint actor_key_pkey PRIMARY KEY (uri),
    constraint actor_key_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint actor_key_kind_check CHECK (kind = ANY (ARRAY['rsa'::text, 'ed25519'::text]))
);
CREATE INDEX actor_key_actor ON actor_key USING btree (actor_id);

create table attempt (
    key bytea not null,
    made_at timestamp with time zone not null
);
CREATE INDEX attempt_age ON attempt USING btree (made_at);
CREATE INDEX attempt_key ON attempt USING btree (key, made_at);

create table block (
    blocker_id bigint not null,
    blocked_id bigint not null,
    constraint block_pkey PRIMARY KEY (blocker_id, blocked_id),
    constraint block_blocked_id_blocker_id_key UNIQUE (blocked_id, blocker_id),
    constraint block_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint block_blocker_id_fkey FOREIGN KEY (blocker_id) REFERENCES actor(id) ON DELETE CASCADE
);

create table browser_session (
    secret_digest bytea not null,
    login_id bigint not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    constraint browser_session_pkey PRIMARY KEY (secret_digest),
    constraint browser_session_login_id_fkey FOREIGN KEY (login_id) REFERENCES login(id) ON DELETE CASCADE
);

create table buried_inbox (
    inbox text not null,
    host text not null,
    constraint buried_inbox_pkey PRIMARY KEY (inbox),
    constraint buried_inbox_host_fkey FOREIGN KEY (host) REFERENCES destination(host)
);

create table circle (
    id bigint not null,
    uri text not null,
    constraint circle_pkey PRIMARY KEY (id),
    constraint circle_uri_key UNIQUE (uri),
    constraint circle_id_fkey FOREIGN KEY (id) REFERENCES actor(id)
);

create table circle_entry (
    hash bytea not null,
    circle_id bigint not null,
    parents bytea[] not null,
    body bytea not null,
    applied bigint not null generated always as identity,
    constraint circle_entry_pkey PRIMARY KEY (hash),
    constraint circle_entry_circle_id_applied_key UNIQUE (circle_id, applied),
    constraint circle_entry_circle_id_fkey FOREIGN KEY (circle_id) REFERENCES circle(id) ON DELETE CASCADE
);

create table circle_member (
    id bigint not null generated always as identity,
    circle_id bigint not null,
    actor_id bigint not null,
    joined_by bytea not null,
    ended_by bytea,
    reads_from timestamp with time zone not null default 'infinity'::timestamp with time zone,
    constraint circle_member_pkey PRIMARY KEY (id),
    constraint circle_member_circle_id_actor_id_joined_by_key UNIQUE (circle_id, actor_id, joined_by),
    constraint circle_member_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint circle_member_circle_id_fkey FOREIGN KEY (circle_id) REFERENCES circle(id) ON DELETE CASCADE,
    constraint circle_member_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES circle_entry(hash),
    constraint circle_member_joined_by_fkey FOREIGN KEY (joined_by) REFERENCES circle_entry(hash)
);
CREATE INDEX circle_member_actor ON circle_member USING btree (actor_id, circle_id) WHERE ended_by IS NULL;
CREATE INDEX circle_member_circle ON circle_member USING btree (circle_id) WHERE ended_by IS NULL;

create table circle_roll (
    id bigint not null generated always as identity,
    circle_id bigint not null,
    digest bytea not null,
    constraint circle_roll_pkey PRIMARY KEY (id),
    constraint circle_roll_circle_id_digest_key UNIQUE (circle_id, digest),
    constraint circle_roll_id_circle_id_key UNIQUE (id, circle_id),
    constraint circle_roll_circle_id_fkey FOREIGN KEY (circle_id) REFERENCES circle(id) ON DELETE CASCADE
);

create table circle_roll_member (
    roll_id bigint not null,
    member_id bigint not null,
    constraint circle_roll_member_pkey PRIMARY KEY (roll_id, member_id),
    constraint circle_roll_member_member_id_fkey FOREIGN KEY (member_id) REFERENCES circle_member(id) ON DELETE CASCADE,
    constraint circle_roll_member_roll_id_fkey FOREIGN KEY (roll_id) REFERENCES circle_roll(id) ON DELETE CASCADE
);

create table delivery (
    id bigint not null generated always as identity,
    host text not null,
    inbox text not null,
    activity_id bigint not null,
    post_id bigint,
    attempted boolean not null default false,
    refused integer not null default 0,
    give_up_at timestamp with time zone not null,
    constraint delivery_pkey PRIMARY KEY (id),
    constraint delivery_activity_id_inbox_key UNIQUE (activity_id, inbox),
    constraint delivery_activity_id_fkey FOREIGN KEY (activity_id) REFERENCES activity(id) ON DELETE CASCADE,
    constraint delivery_host_fkey FOREIGN KEY (host) REFERENCES destination(host),
    constraint delivery_post_id_fkey FOREIGN KEY (post_id) REFERENCES post(id) ON DELETE CASCADE
);
CREATE INDEX delivery_post ON delivery USING btree (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX delivery_queue ON delivery USING btree (host, id);

create table destination (
    host text not null,
    next_attempt_at timestamp with time zone not null default '-infinity'::timestamp with time zone,
    lease_owner uuid,
    lease_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
    fail_count integer not null default 0,
    first_failed_at timestamp with time zone,
    signs text not null default 'cavage'::text,
    constraint destination_pkey PRIMARY KEY (host),
    constraint destination_signs_check CHECK (signs = ANY (ARRAY['cavage'::text, 'rfc9421'::text]))
);

create table follow (
    id bigint not null,
    follower_id bigint not null,
    target_id bigint not null,
    state text not null,
    uri text not null,
    reads_from timestamp with time zone,
    constraint follow_pkey PRIMARY KEY (follower_id, target_id),
    constraint follow_id_key UNIQUE (id),
    constraint follow_uri_key UNIQUE (uri),
    constraint follow_follower_id_fkey FOREIGN KEY (follower_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint follow_target_id_fkey FOREIGN KEY (target_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint follow_check CHECK (follower_id <> target_id),
    constraint follow_check1 CHECK ((state = 'accepted'::text) = (reads_from IS NOT NULL)),
    constraint follow_state_check CHECK (state = ANY (ARRAY['requested'::text, 'accepted'::text]))
);
CREATE INDEX follow_requests ON follow USING btree (target_id, id) WHERE state = 'requested'::text;
CREATE INDEX follow_target ON follow USING btree (target_id, id) WHERE state = 'accepted'::text;

create table home_entry (
    viewer_id bigint not null,
    post_id bigint not null,
    constraint home_entry_pkey PRIMARY KEY (viewer_id, post_id),
    constraint home_entry_post_id_fkey FOREIGN KEY (post_id) REFERENCES post(id) ON DELETE CASCADE,
    constraint home_entry_viewer_id_fkey FOREIGN KEY (viewer_id) REFERENCES actor(id) ON DELETE CASCADE
);
CREATE INDEX home_entry_post ON home_entry USING btree (post_id);

create table idempotency (
    actor_id bigint not null,
    key text not null,
    digest bytea not null,
    post_id bigint not null,
    created_at timestamp with time zone not null,
    constraint idempotency_pkey PRIMARY KEY (actor_id, key),
    constraint idempotency_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES account(actor_id) ON DELETE CASCADE,
    constraint idempotency_post_id_fkey FOREIGN KEY (post_id) REFERENCES post(id) ON DELETE CASCADE
);

create table invitation (
    secret_digest bytea not null,
    role text not null default 'member'::text,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    constraint invitation_pkey PRIMARY KEY (secret_digest),
    constraint invitation_role_check CHECK (role = ANY (ARRAY['member'::text, 'moderator'::text, 'admin'::text]))
);

create table job (
    id bigint not null generated always as identity,
    kind text not null,
    payload text not null,
    lane bigint,
    run_at timestamp with time zone not null,
    attempts integer not null default 0,
    failure text,
    constraint job_pkey PRIMARY KEY (id)
);
CREATE INDEX job_due ON job USING btree (run_at) WHERE failure IS NULL;
CREATE INDEX job_lane ON job USING btree (lane, id) WHERE failure IS NULL AND lane IS NOT NULL;

create table login (
    id bigint not null generated always as identity,
    email text not null,
    password_hash text not null,
    role text not null default 'member'::text,
    created_at timestamp with time zone not null,
    disabled_at timestamp with time zone,
    constraint login_pkey PRIMARY KEY (id),
    constraint login_role_check CHECK (role = ANY (ARRAY['member'::text, 'moderator'::text, 'admin'::text]))
);
CREATE UNIQUE INDEX login_email ON login USING btree (lower(email));

create table marker (
    account_id bigint not null,
    timeline text not null,
    last_read_id bigint not null,
    version integer not null default 1,
    updated_at timestamp with time zone not null,
    constraint marker_pkey PRIMARY KEY (account_id, timeline),
    constraint marker_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(actor_id) ON DELETE CASCADE,
    constraint marker_timeline_check CHECK (timeline = ANY (ARRAY['home'::text, 'notifications'::text]))
);

create table mention (
    post_id bigint not null,
    actor_id bigint not null,
    constraint mention_pkey PRIMARY KEY (post_id, actor_id),
    constraint mention_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint mention_post_id_fkey FOREIGN KEY (post_id) REFERENCES post(id) ON DELETE CASCADE
);

create table notification (
    account_id bigint not null,
    id bigint not null,
    kind text not null,
    actor_id bigint not null,
    post_id bigint,
    created_at timestamp with time zone not null,
    constraint notification_pkey PRIMARY KEY (account_id, id),
    constraint notification_account_id_kind_actor_id_post_id_key UNIQUE NULLS NOT DISTINCT (account_id, kind, actor_id, post_id),
    constraint notification_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(actor_id) ON DELETE CASCADE,
    constraint notification_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint notification_post_id_fkey FOREIGN KEY (post_id) REFERENCES post(id) ON DELETE CASCADE,
    constraint notification_kind_check CHECK (kind = ANY (ARRAY['mention'::text, 'follow'::text, 'follow_request'::text]))
);
CREATE INDEX notification_post ON notification USING btree (post_id) WHERE post_id IS NOT NULL;

create table oauth_app (
    id bigint not null,
    client_id text not null,
    secret_digest bytea not null,
    name text not null,
    website text,
    redirect_uris text[] not null,
    scopes text[] not null,
    created_at timestamp with time zone not null,
    constraint oauth_app_pkey PRIMARY KEY (id),
    constraint oauth_app_client_id_key UNIQUE (client_id)
);

create table oauth_code (
    secret_digest bytea not null,
    app_id bigint not null,
    actor_id bigint not null,
    redirect_uri text not null,
    scopes text[] not null,
    challenge text,
    expires_at timestamp with time zone not null,
    token_id bigint,
    constraint oauth_code_pkey PRIMARY KEY (secret_digest),
    constraint oauth_code_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES account(actor_id) ON DELETE CASCADE,
    constraint oauth_code_app_id_fkey FOREIGN KEY (app_id) REFERENCES oauth_app(id) ON DELETE CASCADE,
    constraint oauth_code_token_id_fkey FOREIGN KEY (token_id) REFERENCES oauth_token(id) ON DELETE CASCADE
);

create table oauth_token (
    id bigint not null,
    secret_digest bytea not null,
    app_id bigint not null,
    actor_id bigint,
    scopes text[] not null,
    created_at timestamp with time zone not null,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    constraint oauth_token_pkey PRIMARY KEY (id),
    constraint oauth_token_secret_digest_key UNIQUE (secret_digest),
    constraint oauth_token_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES account(actor_id) ON DELETE CASCADE,
    constraint oauth_token_app_id_fkey FOREIGN KEY (app_id) REFERENCES oauth_app(id) ON DELETE CASCADE
);
CREATE INDEX oauth_token_actor ON oauth_token USING btree (actor_id);

create table post (
    id bigint not null,
    uri text not null,
    url text,
    author_id bigint not null,
    in_reply_to bigint,
    in_reply_to_uri text,
    kind text not null default 'Note'::text,
    content text not null,
    source text,
    summary text not null default ''::text,
    sensitive boolean not null default false,
    language text,
    listed boolean not null default true,
    said_at timestamp with time zone,
    edited_at timestamp with time zone,
    fades_at timestamp with time zone,
    deleted_at timestamp with time zone,
    constraint post_pkey PRIMARY KEY (id),
    constraint post_uri_key UNIQUE (uri),
    constraint post_author_id_fkey FOREIGN KEY (author_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint post_in_reply_to_fkey FOREIGN KEY (in_reply_to) REFERENCES post(id) ON DELETE SET NULL,
    constraint post_check CHECK (deleted_at IS NULL OR content = ''::text AND source IS NULL AND summary = ''::text)
) with (autovacuum_vacuum_insert_scale_factor=0.02);
CREATE INDEX post_author ON post USING btree (author_id, id DESC);
CREATE INDEX post_in_reply_to ON post USING btree (in_reply_to) WHERE in_reply_to IS NOT NULL;
CREATE INDEX post_orphan ON post USING btree (in_reply_to_uri) WHERE in_reply_to IS NULL AND in_reply_to_uri IS NOT NULL;

create table post_audience (
    post_id bigint not null,
    kind audience_kind not null,
    actor_id bigint,
    circle_id bigint,
    roll_id bigint,
    only_then boolean not null default false,
    constraint post_audience_post_id_kind_actor_id_circle_id_key UNIQUE NULLS NOT DISTINCT (post_id, kind, actor_id, circle_id),
    constraint post_audience_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint post_audience_circle_id_fkey FOREIGN KEY (circle_id) REFERENCES circle(id) ON DELETE CASCADE,
    constraint post_audience_post_id_fkey FOREIGN KEY (post_id) REFERENCES post(id) ON DELETE CASCADE,
    constraint post_audience_roll_id_circle_id_fkey FOREIGN KEY (roll_id, circle_id) REFERENCES circle_roll(id, circle_id) ON DELETE CASCADE,
    constraint post_audience_check CHECK ((kind = ANY (ARRAY['followers'::audience_kind, 'actor'::audience_kind])) = (actor_id IS NOT NULL)),
    constraint post_audience_check1 CHECK ((kind = 'circle'::audience_kind) = (circle_id IS NOT NULL AND roll_id IS NOT NULL) AND (kind = 'circle'::audience_kind OR NOT only_then))
);
CREATE INDEX post_audience_actor ON post_audience USING btree (actor_id, post_id DESC) WHERE kind = 'actor'::audience_kind;
CREATE INDEX post_audience_circle ON post_audience USING btree (circle_id, post_id DESC) WHERE kind = 'circle'::audience_kind;

create table post_sent (
    post_id bigint not null,
    inbox text not null,
    host text not null,
    gone_at timestamp with time zone,
    constraint post_sent_pkey PRIMARY KEY (post_id, inbox),
    constraint post_sent_host_fkey FOREIGN KEY (host) REFERENCES destination(host),
    constraint post_sent_post_id_fkey FOREIGN KEY (post_id) REFERENCES post(id) ON DELETE CASCADE
);

create table received (
    id bigint not null generated always as identity,
    activity_uri text not null,
    inbox_of bigint,
    signer_id bigint not null,
    kind text not null,
    about text,
    signature bytea not null,
    signed_at timestamp with time zone not null,
    body bytea,
    received_at timestamp with time zone not null,
    constraint received_pkey PRIMARY KEY (id),
    constraint received_signature_key UNIQUE (signature),
    constraint received_inbox_of_fkey FOREIGN KEY (inbox_of) REFERENCES actor(id) ON DELETE CASCADE,
    constraint received_signer_id_fkey FOREIGN KEY (signer_id) REFERENCES actor(id) ON DELETE CASCADE
);
CREATE INDEX received_about ON received USING btree (about) WHERE kind = 'Undo'::text OR body IS NOT NULL;
CREATE INDEX received_age ON received USING btree (received_at);
CREATE UNIQUE INDEX received_once ON received USING btree (activity_uri, inbox_of) NULLS NOT DISTINCT WHERE kind <> 'Update'::text;

create table schema_functions (
    only_one boolean not null default true,
    checksum text not null,
    constraint schema_functions_pkey PRIMARY KEY (only_one),
    constraint schema_functions_only_one_check CHECK (only_one)
);

create table schema_version (
    version integer not null,
    name text not null,
    checksum text not null,
    compatible_with integer not null,
    applied_at timestamp with time zone not null default now(),
    constraint schema_version_pkey PRIMARY KEY (version)
);

create table secret_key (
    actor_id bigint not null,
    kind text not null,
    private bytea not null,
    constraint secret_key_pkey PRIMARY KEY (actor_id, kind),
    constraint secret_key_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES actor(id) ON DELETE CASCADE,
    constraint secret_key_kind_check CHECK (kind = ANY (ARRAY['rsa'::text, 'ed25519'::text]))
);

create table tally (
    actor_id bigint not null,
    public_posts integer not null,
    constraint tally_pkey PRIMARY KEY (actor_id),
    constraint tally_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES actor(id) ON DELETE CASCADE
);

-- function addressed_posts(viewer bigint) returns setof post language sql stable
-- function awaiting(the_post bigint) returns setof bigint language sql stable
-- function buried_posts(viewer bigint) returns setof post language sql stable
-- function homes_of(the_post bigint) returns setof bigint language sql stable
-- function known_post(the_uri text) returns table(id bigint, author_id bigint, said_at timestamp with time zone, edited_at timestamp with time zone, deleted_at timestamp with time zone) language sql stable
-- function orphans_of(the_uri text) returns setof bigint language sql stable
-- function readers_of(the_post bigint) returns setof bigint language sql stable
-- function standing_of(the_actor bigint) returns table(disabled boolean) language sql stable
-- function visible_posts(viewer bigint) returns setof post language sql stable
