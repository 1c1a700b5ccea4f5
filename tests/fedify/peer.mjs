// An independent ActivityPub server made with Fedify: one actor, pia, moved by a test through a control port.
//
//   node peer.mjs '{"host": "peer.localhost:9443", "port": 9443, "control": 9444, "certificate": "…", "key": "…",
//                   "firstKnock": "rfc9421", "onlyRfc9421": false}'
//
// The test trusts it to do what Fedify does and nothing else: it answers with what it has seen, as Fedify understood it.
import dns from "node:dns";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { createFederation, generateCryptoKeyPair, MemoryKvStore } from "@fedify/fedify";
import {
  Accept, Create, Delete, Endpoints, Follow, isActor, Mention, Note, Person, PUBLIC_COLLECTION, Reject, Tombstone, Undo, Update,
} from "@fedify/vocab";

const settings = JSON.parse(process.argv[2]);
const origin = `https://${settings.host}`;

// Names below .localhost are this machine (RFC 6761); the system's resolver need not know.
const lookup = dns.lookup;
dns.lookup = (name, options, done) => lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, options, done);

// How Fedify signs is seen where it leaves.
const { fetch } = globalThis;
globalThis.fetch = async (request, ...options) => {
  const response = await fetch(request, ...options);
  if (request.method === "POST") knocks.push({ by: "pia", signed: scheme((name) => request.headers.get(name)), status: response.status });
  return response;
};

function scheme(header) {
  return header("signature-input") ? "rfc9421" : header("signature") ? "cavage" : "no";
}

const keys = await Promise.all(["RSASSA-PKCS1-v1_5", "Ed25519"].map((algorithm) => generateCryptoKeyPair(algorithm)));
const seen = [];                        // every activity that was let in, as Fedify understood it
const knocks = [];                      // every POST, to pia and by her: how it was signed, what was answered
const followers = new Map();            // actor id -> the actor
const following = new Map();            // actor id -> "requested" | "accepted" | "rejected"
const requests = new Map();             // actor id -> the Follow that waits for an answer
const notes = new Map();                // id -> Note
let answer = "accept";                  // what pia does with a Follow: accept, reject, wait

const federation = createFederation({
  kv: new MemoryKvStore(),
  allowPrivateAddress: true,
  origin,
  firstKnock: settings.firstKnock,
});

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
    if (identifier !== "pia") return null;
    const pairs = await ctx.getActorKeyPairs(identifier);
    return new Person({
      id: ctx.getActorUri(identifier),
      preferredUsername: identifier,
      name: "Pia of the peer",
      summary: "<p>Made of Fedify.</p>",
      url: new URL(`/@${identifier}`, origin),
      inbox: ctx.getInboxUri(identifier),
      outbox: null,
      followers: ctx.getFollowersUri(identifier),
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      manuallyApprovesFollowers: true,
      publicKey: pairs[0].cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher((_, identifier) => (identifier === "pia" ? keys : []));

federation.setFollowersDispatcher("/users/{identifier}/followers", () => ({
  items: [...followers.values()].map((actor) => ({ id: actor.id, inboxId: actor.inboxId, endpoints: actor.endpoints })),
}));

federation
  .setObjectDispatcher(Note, "/notes/{id}", (ctx, { id }) => notes.get(ctx.getObjectUri(Note, { id }).href) ?? null)
  .authorize(async (ctx, { id }) => {
    const note = notes.get(ctx.getObjectUri(Note, { id }).href);
    if (note?.toIds.some((to) => to.href === PUBLIC_COLLECTION.href)) return true;
    const asker = await ctx.getSignedKeyOwner();
    return asker?.id != null && (followers.has(asker.id.href) || [...note.toIds, ...note.ccIds].some((to) => to.href === asker.id.href));
  });

const note = async (ctx, activity) => seen.push(await activity.toJsonLd({ format: "compact", contextLoader: ctx.contextLoader }));

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .setSharedKeyDispatcher(() => ({ identifier: "pia" }))
  .on(Follow, async (ctx, follow) => {
    await note(ctx, follow);
    const actor = await follow.getActor(ctx);
    if (!isActor(actor)) return;
    requests.set(actor.id.href, follow);
    if (answer !== "wait") await respond(ctx, actor, answer);
  })
  .on(Accept, async (ctx, accept) => {
    await note(ctx, accept);
    following.set(accept.actorId.href, "accepted");
  })
  .on(Reject, async (ctx, reject) => {
    await note(ctx, reject);
    following.set(reject.actorId.href, "rejected");
    followers.delete(reject.actorId.href);
  })
  .on(Undo, async (ctx, undo) => {
    await note(ctx, undo);
    followers.delete(undo.actorId.href);
  })
  .on(Create, (ctx, create) => note(ctx, create))
  .on(Update, (ctx, update) => note(ctx, update))
  .on(Delete, (ctx, deletion) => note(ctx, deletion));

async function respond(ctx, actor, how) {
  const follow = requests.get(actor.id.href);
  requests.delete(actor.id.href);
  if (how === "accept") followers.set(actor.id.href, actor);
  const Answer = how === "accept" ? Accept : Reject;
  await ctx.sendActivity({ identifier: "pia" }, actor, new Answer({ id: name("answers"), actor: ctx.getActorUri("pia"), object: follow }));
}

let count = 0;
const name = (what) => new URL(`/${what}/${++count}-${crypto.randomUUID()}`, origin);

// What a test can have pia do.  Each takes and gives JSON.
const deeds = {
  async seen() {
    return seen;
  },
  async knocks() {
    return knocks;
  },
  async state() {
    return { followers: [...followers.keys()], following: Object.fromEntries(following), requests: [...requests.keys()] };
  },
  async answer(_, { how }) {
    answer = how;
  },
  async respond(ctx, { actor, how }) {
    await respond(ctx, await ctx.lookupObject(actor, { documentLoader: await ctx.getDocumentLoader({ identifier: "pia" }) }), how);
  },
  // What is at an address, asked for by pia, or by nobody: status and document.
  async fetch(ctx, { url, signed = true }) {
    const load = signed ? await ctx.getDocumentLoader({ identifier: "pia" }) : ctx.documentLoader;
    try {
      return { status: 200, document: (await load(url)).document };
    } catch (error) {
      return { status: error.response?.status ?? null, error: String(error) };
    }
  },
  async lookup(ctx, { what }) {
    const found = await ctx.lookupObject(what, { documentLoader: await ctx.getDocumentLoader({ identifier: "pia" }) });
    return found && found.toJsonLd({ format: "compact", contextLoader: ctx.contextLoader });
  },
  async follow(ctx, { handle }) {
    const actor = await ctx.lookupObject(handle, { documentLoader: await ctx.getDocumentLoader({ identifier: "pia" }) });
    following.set(actor.id.href, "requested");
    const follow = new Follow({ id: name("follows"), actor: ctx.getActorUri("pia"), object: actor.id, to: actor.id });
    await ctx.sendActivity({ identifier: "pia" }, actor, follow);
    return { actor: actor.id.href, follow: follow.id.href };
  },
  async unfollow(ctx, { actor, follow }) {
    const target = await ctx.lookupObject(actor);
    await ctx.sendActivity({ identifier: "pia" }, target, new Undo({
      id: name("undos"), actor: ctx.getActorUri("pia"),
      object: new Follow({ id: new URL(follow), actor: ctx.getActorUri("pia"), object: target.id }),
    }));
  },
  // For pia's followers and the people named in `to`; told to them unless `silently`.
  async post(ctx, { content, to = [], answers, silently = false }) {
    const id = crypto.randomUUID();
    const people = await Promise.all(to.map((uri) => ctx.lookupObject(uri)));
    const readers = [ctx.getFollowersUri("pia"), ...people.map((person) => person.id)];
    const made = new Note({
      id: ctx.getObjectUri(Note, { id }),
      attribution: ctx.getActorUri("pia"),
      content,
      published: now(),
      replyTarget: answers ? new URL(answers) : null,
      tos: readers,
      tags: people.map((person) => new Mention({ href: person.id, name: `@${person.preferredUsername}@${person.id.host}` })),
    });
    notes.set(made.id.href, made);
    const create = new Create({ id: new URL(`${made.id.href}/activity`), actor: ctx.getActorUri("pia"), object: made, tos: readers });
    for (const recipients of silently ? [] : ["followers", people]) {
      if (recipients.length) await ctx.sendActivity({ identifier: "pia" }, recipients, create);
    }
    return { id: made.id.href };
  },
  async edit(ctx, { id, content }) {
    const made = notes.get(id).clone({ content, updated: now() });
    notes.set(id, made);
    await ctx.sendActivity({ identifier: "pia" }, "followers", new Update({
      id: name("updates"), actor: ctx.getActorUri("pia"), object: made, tos: made.toIds, ccs: made.ccIds,
    }));
  },
  async delete(ctx, { id }) {
    const made = notes.get(id);
    notes.delete(id);
    await ctx.sendActivity({ identifier: "pia" }, "followers", new Delete({
      id: name("deletions"), actor: ctx.getActorUri("pia"), object: new Tombstone({ id: new URL(id) }), tos: made.toIds, ccs: made.ccIds,
    }));
  },
};

// Fedify's own Temporal, whatever the version of Node has.
function now() {
  return globalThis.Temporal ? globalThis.Temporal.Now.instant() : PolyfilledTemporal.Now.instant();
}
const { Temporal: PolyfilledTemporal } = await import("@js-temporal/polyfill");

async function read(incoming) {
  const parts = [];
  for await (const part of incoming) parts.push(part);
  return Buffer.concat(parts);
}

https.createServer({ cert: fs.readFileSync(settings.certificate), key: fs.readFileSync(settings.key) }, async (incoming, outgoing) => {
  try {
    const body = await read(incoming);
    if (incoming.method === "POST") {
      const knock = { by: "others", signed: scheme((name) => incoming.headers[name]) };
      knocks.push(knock);
      outgoing.on("finish", () => { knock.status = outgoing.statusCode; });
      if (settings.onlyRfc9421 && knock.signed !== "rfc9421") {
        outgoing.writeHead(401).end();
        return;
      }
    }
    const request = new Request(`${origin}${incoming.url}`, {
      method: incoming.method,
      headers: Object.entries(incoming.headers).filter(([key]) => !key.startsWith(":")).map(([key, value]) => [key, String(value)]),
      body: body.length ? body : undefined,
    });
    const response = await federation.fetch(request, { contextData: undefined });
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(Buffer.from(await response.arrayBuffer()));
  } catch (error) {
    console.error(error);
    outgoing.writeHead(500).end();
  }
}).listen(settings.port, "127.0.0.1");

http.createServer(async (incoming, outgoing) => {
  const { deed, ...given } = JSON.parse(await read(incoming));
  try {
    const ctx = federation.createContext(new URL(origin), undefined);
    outgoing.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify((await deeds[deed](ctx, given)) ?? null));
  } catch (error) {
    outgoing.writeHead(500, { "Content-Type": "application/json" }).end(JSON.stringify({ error: String(error?.stack ?? error) }));
  }
}).listen(settings.control, "127.0.0.1", () => console.log("ready"));
