"""What no signature may do: attacks 8 to 16, and the flaws that an older library has."""

import hashlib
import hmac
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fediverse_circle.core.errors import Unauthenticated
from fediverse_circle.core.urls import parse_origin, parse_url
from fediverse_circle.signing import (
    Malformed,
    Request,
    UnusableKey,
    WrongKey,
    generate_ed25519,
    http_date,
    parse,
    pem,
    public_key_from_pem,
    sign_cavage,
)

from .cast import (
    CREATED,
    DATE,
    GET,
    HERE,
    HOUR,
    KEY_ID,
    NOW,
    POST,
    cavage,
    content_digest_of,
    digest_of,
    header,
    judged,
    refused,
    rfc9421,
    secret,
    with_header,
)

MO = f'keyId="{KEY_ID}"'
MINUTES = [timedelta(minutes=66), timedelta(minutes=-66)]
EDGES = [timedelta(minutes=59), timedelta(minutes=-59)]


def test_what_the_hand_of_these_tests_signs_is_taken() -> None:
    for request in (cavage(), cavage(GET, method="GET", body=b""), rfc9421(), rfc9421(COMPONENTS_OF_GET, method="GET", body=b"")):
        assert judged(request, secret().public()).complete


COMPONENTS_OF_GET = ('"@method"', '"@target-uri"')


class TestTheWindow:
    """Attacks 8 and 9."""

    @pytest.mark.parametrize("late", MINUTES)
    def test_a_request_66_minutes_away_is_refused(self, late: timedelta) -> None:
        assert isinstance(refused(cavage(), now=NOW + late), Unauthenticated)
        assert isinstance(
            refused(cavage(("(request-target)", "host", "(created)", "digest"), said={"created": str(CREATED)}), now=NOW + late),
            Unauthenticated,
        )
        assert isinstance(refused(rfc9421(), now=NOW + late), Unauthenticated)

    @pytest.mark.parametrize("late", EDGES)
    def test_a_request_within_the_hour_is_taken(self, late: timedelta) -> None:
        judged(cavage(), secret().public(), NOW + late)
        judged(rfc9421(), secret().public(), NOW + late)

    def test_the_window_is_a_setting(self) -> None:
        refused(cavage(), now=NOW + timedelta(minutes=6), window=timedelta(minutes=5))
        judged(cavage(), secret().public(), NOW + timedelta(minutes=4), timedelta(minutes=5))

    @pytest.mark.parametrize("window", [timedelta(0), timedelta(minutes=-1), timedelta(minutes=61)])
    def test_the_window_is_never_longer_than_an_hour(self, window: timedelta) -> None:
        with pytest.raises(ValueError, match="window"):
            judged(cavage(), secret().public(), NOW, window)

    def test_what_has_expired_is_refused_covered_or_not(self) -> None:
        past = {"created": str(CREATED), "expires": str(CREATED - 1)}
        refused(cavage(("(request-target)", "host", "(created)", "(expires)", "digest"), said=past))
        refused(cavage(said={"expires": str(CREATED - 1)}))
        refused(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}";expires={CREATED - 1}'))

    def test_a_late_expiry_extends_nothing(self) -> None:
        far = CREATED + 12 * 3600
        late = cavage(("(request-target)", "host", "(created)", "(expires)", "digest"), said={"created": str(CREATED), "expires": str(far)})
        assert judged(late, secret().public()).until == NOW + HOUR
        refused(late, now=NOW + timedelta(minutes=66))
        refused(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}";expires={far}'), now=NOW + timedelta(minutes=66))

    def test_an_early_expiry_shortens_what_must_be_remembered(self) -> None:
        signed = judged(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}";expires={CREATED + 300}'), secret().public())
        assert signed.until == NOW + timedelta(minutes=5)

    def test_a_time_that_is_not_covered_counts_for_nothing(self) -> None:
        old = http_date(NOW - timedelta(days=3))
        fresh = {"created": str(CREATED)}
        refused(cavage(said=fresh, headers={"Date": old}))  # the date is covered and old; the created is not covered
        judged(cavage(("(request-target)", "host", "(created)", "digest"), said=fresh, headers={"Date": old}), secret().public())

    @pytest.mark.parametrize(
        "date", ["", "wrong", "2026-11-20", DATE.lower(), "Fri, 31 Feb 2026 18:00:00 GMT", "Fri, 20 Foo 2026 18:00:00 GMT", f"{DATE}\n"]
    )
    def test_a_date_that_is_none_is_malformed(self, date: str) -> None:
        with pytest.raises(Malformed):
            parse(replace(cavage(), headers=(*((name, value) for name, value in cavage().headers if name != "Date"), ("Date", date))))

    @pytest.mark.parametrize("created", ["", "x", "1.5", "999999999999", "9" * 5000])
    def test_a_created_that_is_no_time_is_malformed(self, created: str) -> None:
        assert isinstance(refused(cavage(("(request-target)", "host", "(created)", "digest"), said={"created": created})), Malformed)
        assert isinstance(refused(rfc9421(parameters=f';created={created};keyid="{KEY_ID}"')), Malformed)


class TestTheDigest:
    """Attack 10."""

    def test_of_another_body_is_refused(self) -> None:
        for request in (cavage(), rfc9421()):
            assert isinstance(refused(replace(request, body=b'{"type":"Delete"}')), Unauthenticated)
            assert isinstance(refused(replace(request, body=b"")), Unauthenticated)

    def test_of_no_body_does_not_stand_for_a_body(self) -> None:
        refused(cavage(headers={"Digest": digest_of(b"")}))
        refused(rfc9421(headers={"Content-Digest": content_digest_of(b"")}))

    def test_that_is_not_covered_is_refused(self) -> None:
        assert isinstance(refused(cavage(("(request-target)", "host", "date"))), Unauthenticated)
        assert isinstance(refused(rfc9421(COMPONENTS_OF_GET)), Unauthenticated)

    def test_is_demanded_of_every_body_whatever_the_method(self) -> None:
        refused(cavage(GET, method="GET", body=b"{}"))
        refused(rfc9421(COMPONENTS_OF_GET, method="GET", body=b"{}"))
        refused(cavage(GET, body=b""))

    def test_that_comes_twice_is_refused(self) -> None:
        for request, name, value in ((cavage(), "digest", digest_of(b"x")), (rfc9421(), "content-digest", content_digest_of(b"x"))):
            assert isinstance(refused(replace(request, headers=(*request.headers, (name, value)))), Unauthenticated)
            assert isinstance(refused(replace(request, headers=((name, header(request, name)), *request.headers))), Unauthenticated)

    def test_by_sha_512_alone_or_by_two_sha_256_is_refused(self) -> None:
        body = b'{"type":"Create"}'
        sha512 = b64encode(hashlib.sha512(body).digest()).decode()
        refused(cavage(headers={"Digest": f"SHA-512={sha512}"}))
        refused(rfc9421(headers={"Content-Digest": f"sha-512=:{sha512}:"}))
        refused(cavage(headers={"Digest": f"{digest_of(body)},{digest_of(b'')}"}))
        refused(rfc9421(headers={"Content-Digest": f"{content_digest_of(b'')}, {content_digest_of(body)}"}))

    def test_by_sha_256_beside_another_is_taken(self) -> None:
        body = b'{"type":"Create"}'
        judged(cavage(headers={"Digest": f"sha-256={digest_of(body)[8:]}, unixsum=30637"}), secret().public())
        judged(rfc9421(headers={"Content-Digest": f"unixsum=:AAAA:, {content_digest_of(body)}"}), secret().public())


class TestCoverage:
    """Attacks 11, 12, 13 and 16."""

    @pytest.mark.parametrize(
        "names", [("date",), ("date", "digest"), *(tuple(name for name in POST if name != missing) for missing in POST), ()]
    )
    def test_a_post_signed_over_less_is_refused(self, names: tuple[str, ...]) -> None:
        assert isinstance(refused(cavage(names)), Unauthenticated)

    @pytest.mark.parametrize("names", [tuple(name for name in GET if name != missing) for missing in GET])
    def test_a_get_signed_over_less_is_refused(self, names: tuple[str, ...]) -> None:
        assert isinstance(refused(cavage(names, method="GET", body=b"")), Unauthenticated)

    @pytest.mark.parametrize("missing", range(3))
    def test_an_rfc_9421_signature_over_less_is_refused(self, missing: int) -> None:
        components = ('"@method"', '"@target-uri"', '"content-digest"')
        with pytest.raises(Unauthenticated, match="must cover"):
            parse(rfc9421((*components[:missing], *components[missing + 1 :])))

    def test_a_signature_for_one_path_or_method_is_none_for_another(self) -> None:
        for request in (cavage(), rfc9421()):
            assert isinstance(refused(replace(request, target="/users/mia/inbox")), WrongKey)
            assert isinstance(refused(replace(request, method="PUT")), WrongKey)
        read = cavage((*GET, "digest"), headers={"Digest": digest_of(b"")}, method="GET", body=b"")
        assert isinstance(refused(replace(read, method="HEAD")), WrongKey)

    def test_a_signature_for_one_host_is_none_for_another(self) -> None:
        elsewhere = (parse_origin("https://u.example"),)
        for request in (cavage(), rfc9421()):
            assert isinstance(refused(replace(request, origins=elsewhere)), Unauthenticated)
            assert isinstance(refused(with_header(replace(request, origins=elsewhere), "Host", "u.example")), WrongKey)
            assert isinstance(refused(with_header(request, "Host", "")), Unauthenticated)
            assert isinstance(refused(replace(request, headers=(*request.headers, ("Host", "v.example")))), Unauthenticated)

    def test_the_scheme_of_the_target_uri_is_ours_not_the_senders(self) -> None:
        assert isinstance(refused(rfc9421(uri="http://v.example/inbox")), WrongKey)

    def test_a_name_on_two_ports_is_two_hosts_unless_the_port_is_left_out(self) -> None:
        other_port = (parse_origin("https://v.example:8443"),)
        assert isinstance(refused(replace(cavage(headers={"Host": "v.example:9443"}), origins=other_port)), Unauthenticated)
        judged(replace(cavage(headers={"Host": "v.example:8443"}), origins=other_port), secret().public())
        judged(replace(cavage(), origins=other_port), secret().public())  # Mastodon leaves it out
        both = (*other_port, HERE)
        judged(replace(rfc9421(), origins=both), secret().public())
        judged(replace(rfc9421(uri="https://v.example:8443/inbox", headers={"Host": "v.example:8443"}), origins=both), secret().public())

    def test_a_get_signed_without_its_query_is_told_apart(self) -> None:
        signed = judged(cavage(GET, method="GET", body=b"", target="/outbox?page=1", signed_target="/outbox"), secret().public())
        assert not signed.complete
        assert signed.target == "/outbox"
        whole = judged(cavage(GET, method="GET", body=b"", target="/outbox?page=1"), secret().public())
        assert whole.complete
        assert whole.target == "/outbox?page=1"

    def test_a_post_signed_without_its_query_is_refused(self) -> None:
        assert isinstance(refused(cavage(target="/inbox?a=1", signed_target="/inbox")), WrongKey)

    def test_a_query_cannot_be_added_or_changed(self) -> None:
        refused(replace(cavage(GET, method="GET", body=b"", target="/outbox?page=1"), target="/outbox?page=2"))
        read = rfc9421(COMPONENTS_OF_GET, method="GET", body=b"", target="/outbox")
        refused(replace(read, target="/outbox?page=1"))

    def test_components_in_other_forms_are_refused(self) -> None:
        for form in (";req", ";sf", ';key="sha-256"', ";bs", ";tr"):
            assert isinstance(refused(rfc9421(('"@method"', '"@target-uri"', f'"content-digest"{form}'))), Unauthenticated)
            assert isinstance(refused(rfc9421(('"@method"', f'"@target-uri"{form}', '"content-digest"'))), Unauthenticated)

    def test_a_signature_made_for_another_purpose_is_refused(self) -> None:
        for more in (';tag="web-bot-auth"', ";colour=1"):
            assert isinstance(refused(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}"{more}')), Unauthenticated)
        judged(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}";nonce="x"'), secret().public())

    def test_a_covered_header_that_is_absent_is_refused(self) -> None:
        assert isinstance(refused(cavage((*POST, "content-type"))), Unauthenticated)
        refused(rfc9421((*('"@method"', '"@target-uri"', '"content-digest"'), '"date"'), values={'"date"': ""}))

    def test_further_names_in_any_order_and_case_are_taken(self) -> None:
        names = ("Content-Type", "DIGEST", "Date", "(Request-Target)", "Host")
        judged(cavage(names, headers={"Content-Type": "application/activity+json"}), secret().public())

    def test_a_header_that_comes_in_parts_is_covered_whole(self) -> None:
        request = cavage((*POST, "x-note"), headers={"X-Note": "a, b"})
        parted = tuple(
            part
            for name, value in request.headers
            for part in ([("X-Note", " a "), ("x-note", "b")] if name == "X-Note" else [(name, value)])
        )
        judged(replace(request, headers=parted), secret().public())
        refused(replace(request, headers=(*parted, ("x-note", "c"))))


class TestSaidOnce:
    """Attack 14."""

    def test_a_parameter_that_comes_twice_is_refused(self) -> None:
        for twice in (
            f'{MO},keyId="https://e.example/k"',
            f"{MO},{MO}",
            f'{MO},KEYID="https://e.example/k"',
            f'{MO},algorithm="hs2019",algorithm="hs2019"',
        ):
            assert isinstance(refused(cavage(parameters=twice)), Malformed)

    def test_a_name_that_is_covered_twice_is_refused(self) -> None:
        assert isinstance(refused(cavage((*POST, "host"))), Malformed)
        assert isinstance(refused(rfc9421(('"@method"', '"@target-uri"', '"content-digest"', '"@method"'))), Malformed)

    def test_two_signature_headers_are_refused(self) -> None:
        for request in (cavage(), rfc9421()):
            assert isinstance(
                refused(replace(request, headers=(*request.headers, ("Signature", header(request, "Signature"))))), Unauthenticated
            )
        twice = rfc9421()
        assert isinstance(
            refused(replace(twice, headers=(*twice.headers, ("Signature-Input", header(twice, "Signature-Input"))))), Unauthenticated
        )

    def test_two_labels_are_refused(self) -> None:
        request = rfc9421()
        inputs, signatures = header(request, "Signature-Input"), header(request, "Signature")
        second = with_header(request, "Signature-Input", f"{inputs}, {inputs.replace('sig1', 'sig2')}")
        assert isinstance(refused(second), Unauthenticated)
        assert isinstance(refused(with_header(second, "Signature", f"{signatures}, {signatures.replace('sig1', 'sig2')}")), Unauthenticated)
        assert isinstance(
            refused(with_header(request, "Signature", f"{signatures}, {signatures.replace('sig1', 'sig2')}")), Unauthenticated
        )
        refused(with_header(request, "Signature-Input", f"{inputs}, {inputs}"))
        assert isinstance(refused(with_header(request, "Signature", signatures.replace("sig1", "sig2"))), Malformed)

    def test_both_schemes_at_once_are_refused(self) -> None:
        one, other = cavage(), rfc9421()
        refused(replace(one, headers=(*one.headers, *other.headers[1:])))
        refused(replace(one, headers=(*one.headers, ("Signature-Input", header(other, "Signature-Input")))))
        glued = f"{header(one, 'Signature')}, {header(other, 'Signature')}"
        refused(
            with_header(replace(one, headers=(*one.headers, ("Signature-Input", header(other, "Signature-Input")))), "Signature", glued)
        )


class TestAlgorithms:
    """Attack 15, and what the sender may not choose."""

    def test_rsa_with_sha_1_or_sha_512_is_refused(self) -> None:
        for algorithm, function in (("rsa-sha1", hashes.SHA1()), ("rsa-sha512", hashes.SHA512())):
            by = lambda text, function=function: secret().native.sign(text, padding.PKCS1v15(), function)  # noqa: E731
            refused(cavage(parameters=f'{MO},algorithm="{algorithm}"', sign=by))
            refused(cavage(sign=by))

    def test_hmac_keyed_with_the_public_key_is_refused(self) -> None:
        text = pem(secret().public()).encode()
        for algorithm in ("hmac-sha256", "hs2019", "rsa-sha256"):
            refused(cavage(parameters=f'{MO},algorithm="{algorithm}"', sign=lambda message: hmac.digest(text, message, "sha256")))
        by_pem = lambda message: hmac.digest(text, message, "sha256")  # noqa: E731
        refused(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}";alg="hmac-sha256"', sign=by_pem))

    @pytest.mark.parametrize("algorithm", ["none", "", "rsa-sha1", "rsa-sha512", "hmac-sha256", "ed25519", "ecdsa-sha256"])
    def test_a_right_signature_under_another_name_is_refused(self, algorithm: str) -> None:
        assert isinstance(refused(cavage(parameters=f'{MO},algorithm="{algorithm}"')), Unauthenticated)
        with pytest.raises(Unauthenticated, match="ed25519" if algorithm != "ed25519" else "fit the key"):
            judged(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}";alg="{algorithm}"'), secret().public())

    def test_rsa_sha256_hs2019_and_silence_are_taken(self) -> None:
        for algorithm in (',algorithm="rsa-sha256"', ',algorithm="hs2019"', ""):
            judged(cavage(parameters=MO + algorithm), secret().public())
        for algorithm in (';alg="rsa-v1_5-sha256"', ""):
            judged(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}"{algorithm}'), secret().public())

    def test_ed25519_signs_rfc_9421_alone(self) -> None:
        key = generate_ed25519()
        assert isinstance(refused(cavage(sign=key.sign), key.public()), WrongKey)
        judged(rfc9421(sign=key.sign), key.public())
        judged(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}";alg="ed25519"', sign=key.sign), key.public())

    def test_a_signature_of_one_kind_is_none_for_a_key_of_another(self) -> None:
        key = generate_ed25519()
        assert isinstance(refused(cavage(sign=key.sign), secret().public()), WrongKey)
        assert isinstance(refused(rfc9421(sign=key.sign), secret().public()), WrongKey)
        assert isinstance(refused(rfc9421(), key.public()), WrongKey)
        assert isinstance(refused(rfc9421(parameters=f';created={CREATED};keyid="{KEY_ID}";alg="ed25519"'), secret().public()), WrongKey)

    def test_an_rsa_key_under_2048_bits_is_no_key(self) -> None:
        weak = generate_private_key(65537, 1024).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        with pytest.raises(UnusableKey):
            public_key_from_pem(weak)


class TestSyntax:
    """What is malformed is 400, what is missing 401, and nothing is a failure of ours."""

    def test_no_signature_is_not_the_same_as_a_bad_one(self) -> None:
        bare = Request("POST", "/inbox", (("Host", "v.example"),), b"{}", (HERE,))
        with pytest.raises(Unauthenticated, match="not signed"):
            parse(bare)
        with pytest.raises(Unauthenticated, match="not signed"):
            parse(replace(bare, headers=(("Signature-Input", 'sig1=("@method")'),)))

    @pytest.mark.parametrize(
        "signature",
        [
            "",
            " ",
            ",",
            "keyId",
            f"{MO},",
            f"{MO} algorithm",
            'keyId="unfinished',
            "keyId=bare",
            MO,
            f'{MO},headers="(request-target) host date digest"',
            f'{MO},headers="(request-target) host date digest",signature=""',
            f'{MO},headers="(request-target) host date digest",signature="!!!"',
            f'{MO},headers="(request-target) host date digest",signature="AAAAé"',
            f'{MO},headers="(request-target)  host date digest",signature="AAAA"',
            f'{MO},headers="(request-target) host date digest (else)",signature="AAAA"',
            'headers="(request-target) host date digest",signature="AAAA"',
            'keyId="",headers="(request-target) host date digest",signature="AAAA"',
            'keyId="https://é.example/k",headers="(request-target) host date digest",signature="AAAA"',
            'keyId="https://w.example/a b",headers="(request-target) host date digest",signature="AAAA"',
            f'keyId="https://w.example/{"a" * 2048}",headers="(request-target) host date digest",signature="AAAA"',
        ],
    )
    def test_a_malformed_header_is_said_to_be_malformed(self, signature: str) -> None:
        expected = Unauthenticated if signature == MO else Malformed  # which has no list of headers, and so covers nothing
        assert isinstance(refused(with_header(cavage(), "Signature", signature)), expected)

    def test_other_characters_than_ascii_are_malformed_never_a_failure(self) -> None:
        odd = cavage((*POST, "user-agent"), headers={"User-Agent": "x"})
        for value in ("Grüße", "a\nhost: e.example", "\udcff", "\ud800", "a\x00b"):
            assert isinstance(refused(with_header(odd, "User-Agent", value)), Malformed)

    @pytest.mark.parametrize("target", ["", "*", "inbox", "https://v.example/inbox", "/in box", "/inbox\n", "/in\u00e4"])
    def test_a_target_that_is_no_path_is_malformed(self, target: str) -> None:
        for request in (cavage(target=target), rfc9421(target=target)):
            assert isinstance(refused(request), Malformed)

    @pytest.mark.parametrize(
        "inputs",
        [
            "",
            "sig1",
            "sig1=1",
            "sig1=()",
            "sig1=:AAAA:",
            'sig1=("@method" 1)',
            f'sig1=("@method" "@target-uri" "content-digest");created=1.5;keyid="{KEY_ID}"',
        ]
        + [
            f'sig1=("@method" "@target-uri" "content-digest"){rest}'
            for rest in ("", ";created=1", f';keyid="{KEY_ID}"', ";created=?1;keyid=x", ";created=1;keyid=")
        ],
    )
    def test_a_malformed_signature_input_is_refused(self, inputs: str) -> None:
        refused(with_header(rfc9421(), "Signature-Input", inputs))


class TestWhatWeSign:
    """Our own signatures stand before our own verifier."""

    def test_what_is_signed_here_is_verified_here(self) -> None:
        url = parse_url("https://v.example/users/mia/inbox?x=a%20b")
        headers = sign_cavage(secret(), KEY_ID, "POST", url, b"{}", NOW)
        assert judged(Request("POST", url.target, tuple(headers.items()), b"{}", (HERE,)), secret().public()).complete
        assert header(Request("POST", "/", tuple(headers.items()), b"", ()), "Signature").startswith(
            f'keyId="{KEY_ID}",algorithm="rsa-sha256",headers="(request-target) host date digest content-type",'
        )
