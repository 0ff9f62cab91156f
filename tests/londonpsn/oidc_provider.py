"""A small OpenID Connect provider for the tests: a real HTTP server that signs real tokens."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "portal", "portal-secret"
METADATA = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "userinfo_endpoint": "/userinfo",
    "jwks_uri": "/jwks",
}


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class OpenIDProvider:
    """Signs in whoever comes as the person that ``userinfo`` and ``claims`` tell of.

    What a test changes of them, of the ``key`` that signs or of the ``nonce`` is a provider's (or
    an attacker's) lie.
    """

    def __init__(self):
        self.key = self.published = new_key()
        self.userinfo = {"sub": "s-1", "name": "Ada Officer"}
        self.claims: dict = {}
        self.nonce: str | None = None
        self.grants: dict[str, dict] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://localhost:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def authorize(self, asked: dict) -> str:
        """Return where the browser is sent back to, with a code."""
        code = secrets.token_urlsafe(8)
        self.grants[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict) -> dict | None:
        """Exchange a code once, for who has the secret and the verifier of its challenge."""
        grant = self.grants.pop(asked.get("code"), None)
        verifier = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            grant is None
            or (asked.get("client_id"), asked.get("client_secret")) != (CLIENT, SECRET)
            or asked.get("redirect_uri") != grant["redirect_uri"]
            or challenge != grant["code_challenge"]
        ):
            return None
        return {"access_token": "access", "token_type": "Bearer", "id_token": self.signed(grant)}

    def signed(self, grant: dict) -> str:
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "sub": self.userinfo["sub"],
            "nonce": self.nonce or grant["nonce"],
        }
        return jwt.encode(claims | self.claims, self.key, "RS256", headers={"kid": "one"})

    def keys(self) -> dict:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.published.public_key(), as_dict=True)
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}


def _handler(provider: OpenIDProvider):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            at = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(at.query).items()}
            if at.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked))
                self.end_headers()
            elif at.path == "/.well-known/openid-configuration":
                places = {name: provider.address + path for name, path in METADATA.items()}
                self._say(places | {"issuer": provider.address})
            elif at.path == "/jwks":
                self._say(provider.keys())
            elif at.path == "/userinfo" and self.headers["Authorization"] == "Bearer access":
                self._say(provider.userinfo)
            else:
                self.send_error(404)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = {name: values[0] for name, values in parse_qs(body).items()}
            answer = provider.token(asked)
            self._say(answer or {"error": "invalid_grant"}, 200 if answer else 400)

        def _say(self, facts: dict, status: int = 200):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(facts).encode())

        def log_message(self, *args):
            pass

    return Handler
