"""The floors: bare aiohttp programs that do only what nobody can avoid.  `python -m tests.bench.floor KIND PORT ARGUMENT…`"""

import asyncio
import base64
import hashlib
import json
import re
import ssl
import sys
import time
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

try:
    from uvloop import new_event_loop
except ImportError:
    from asyncio import new_event_loop


async def inbox(dsn: str, key_file: str) -> web.Application:
    """Parse, check the RSA signature and the digest, one committed insert."""
    pool = await asyncpg.create_pool(dsn, min_size=4, max_size=8)
    await pool.execute(
        "create table if not exists floor (id bigint primary key generated always as identity, uri text not null, body bytea)"
    )
    key = load_pem_public_key(Path(key_file).read_bytes())

    async def post(request: web.Request) -> web.Response:
        body = await request.read()
        said = dict(re.findall(r'(\w+)="([^"]*)"', request.headers["Signature"]))
        if request.headers["Digest"] != "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode():
            return web.Response(status=401)
        lines = [
            f"(request-target): post {request.raw_path}" if name == "(request-target)" else f"{name}: {request.headers[name]}"
            for name in said["headers"].split()
        ]
        key.verify(base64.b64decode(said["signature"]), "\n".join(lines).encode(), padding.PKCS1v15(), hashes.SHA256())
        await pool.execute("insert into floor (uri, body) values ($1, $2)", json.loads(body)["id"], body)
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/inbox", post)
    return app


async def answer(body_file: str) -> web.Application:
    """Answer with prepared bytes."""
    body = Path(body_file).read_bytes()

    async def get(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/api/v1/timelines/home", get)
    return app


async def send(key_file: str, authority: str, at_once: str) -> web.Application:
    """Sign and POST one body to each of a list of inboxes over kept-alive TLS; answers with the milliseconds to the last answer."""
    key = load_pem_private_key(Path(key_file).read_bytes(), None)
    context = ssl.create_default_context(cafile=authority)

    class Here(aiohttp.abc.AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:
            return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 6, "flags": 0}]

        async def close(self) -> None: ...

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, resolver=Here(), limit=0, limit_per_host=int(at_once), keepalive_timeout=60)
    )

    def signed(url: str, body: bytes) -> dict[str, str]:
        parts = urlsplit(url)
        headers = {
            "host": parts.netloc,
            "date": formatdate(usegmt=True),
            "digest": "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode(),
        }
        text = "\n".join([f"(request-target): post {parts.path}", *(f"{name}: {value}" for name, value in headers.items())])
        signature = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        return {
            **headers,
            "content-type": "application/activity+json",
            "signature": f'keyId="https://floor.localhost/k",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="{signature}"',
        }

    async def go(request: web.Request) -> web.Response:
        order = await request.json()
        body, inboxes = order["body"].encode(), order["inboxes"]
        by_host: dict[str, list[str]] = {}
        for url in inboxes:
            by_host.setdefault(urlsplit(url).netloc, []).append(url)

        async def drain(urls: list[str]) -> None:
            for url in urls:
                headers = await asyncio.to_thread(signed, url, body)
                async with session.post(url, data=body, headers=headers) as response:
                    await response.read()

        began = time.perf_counter()
        await asyncio.gather(*(drain(urls[lane :: int(at_once)]) for urls in by_host.values() for lane in range(int(at_once))))
        return web.json_response({"ms": (time.perf_counter() - began) * 1000})

    app = web.Application()
    app.router.add_post("/go", go)
    return app


async def receive(certificate: str, key_file: str) -> web.Application:
    """Takes whatever is posted over TLS; tells how many and when the last came."""
    state = {"count": 0, "last": 0.0}

    async def post(request: web.Request) -> web.Response:
        await request.read()
        state["count"] += 1
        state["last"] = time.time()
        return web.Response(status=202)

    async def told(_: web.Request) -> web.Response:
        return web.json_response(state)

    async def reset(_: web.Request) -> web.Response:
        state["count"] = 0
        return web.json_response(state)

    app = web.Application()
    app.router.add_get("/told", told)
    app.router.add_post("/reset", reset)
    app.router.add_post("/{tail:.*}", post)
    app["tls"] = (certificate, key_file)
    return app


KINDS = {"inbox": inbox, "answer": answer, "send": send, "receive": receive}


async def main() -> None:
    kind, port, *arguments = sys.argv[1:]
    app = await KINDS[kind](*arguments)
    context = None
    if "tls" in app:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*app["tls"])
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=75)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port), ssl_context=context).start()
    print("Listening on", port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main())
