#!/usr/bin/env python3
"""A second implementation of the encodings, hashes and trees in protocol.md, held against a running node.

It works out by itself what the page says and compares with what the node says: genesis hash, validators hash, block
hashes, and, for a transaction that it signs and submits, hash, transactions root, receipts root and the whole state.
Needs a chain with no transaction yet, and Python's `cryptography` package.

    ./ledger devnet --fresh --detach
    docs/check_protocol.py http://127.0.0.1:8080 .ledger-devnet/client.key.json
"""
import hashlib
import json
import struct
import sys
import time
import urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROLES = {"admin": 1, "issuer": 2, "writer": 3, "reader": 4}
ZERO = bytes(32)


def sha(data):
    return hashlib.sha256(data).digest()


# Encoding: shortest forms only.

def uint(n):
    if n < 0x80:
        return bytes([n])
    for code, form, size in ((0xCC, ">B", 1), (0xCD, ">H", 2), (0xCE, ">I", 4), (0xCF, ">Q", 8)):
        if n < 1 << (8 * size):
            return bytes([code]) + struct.pack(form, n)
    raise ValueError(n)


def array(items):
    items = list(items)
    head = bytes([0x90 | len(items)]) if len(items) < 16 else b"\xdc" + struct.pack(">H", len(items))
    return head + b"".join(items)


def text(value):
    data = value.encode()
    if len(data) < 32:
        return bytes([0xA0 | len(data)]) + data
    return (b"\xd9" + bytes([len(data)]) if len(data) < 256 else b"\xda" + struct.pack(">H", len(data))) + data


def binary(data):
    return (b"\xc4" + bytes([len(data)]) if len(data) < 256 else b"\xc5" + struct.pack(">H", len(data))) + data


# Genesis, headers, state.

def genesis_hash(genesis):
    members = [part for v in genesis["validators"] for part in (text(v["name"]), binary(bytes.fromhex(v["publicKey"])))]
    roles = [
        part for r in genesis["roles"]
        for part in (binary(bytes.fromhex(r["account"])), uint(ROLES[r["role"]]), text(r.get("namespace", "")))]
    mode = {"pbft": 1, "raft": 2}[genesis["mode"]]
    witnesses = [uint(i) for i, v in enumerate(genesis["validators"]) if v.get("witness")]
    policy = [uint(1)] if genesis.get("evidence") == "suspend" else [array(witnesses)] if witnesses else []
    encoded = array([text(genesis["chainId"]), uint(mode), uint(genesis["time"]), array(members), array(roles), *policy])
    return sha(b"ledger/genesis/v1" + encoded)


def validators_hash(genesis):
    return sha(b"ledger/validators/v1" + b"".join(bytes.fromhex(v["publicKey"]) for v in genesis["validators"]))


def genesis_state(genesis):
    one = struct.pack(">Q", 1)
    state = {
        b"r" + bytes.fromhex(r["account"]) + bytes([ROLES[r["role"]]]) + r.get("namespace", "").encode(): one
        for r in genesis["roles"]}
    admins = sum(r["role"] == "admin" for r in genesis["roles"])
    return state | {b"madmins": struct.pack(">Q", admins)}


def state_root(state):
    leaves = [(path(key), sha(b"ledger/state/v1\0" + entry)) for key, entry in state.items()]
    return subtree(leaves, 0)


def path(key):
    digest = sha(key)
    if key[:1] != b"k":
        return bytes([digest[0] & 0x7F]) + digest[1:]
    bucket = 2166136261
    for byte in key[1:key.index(0)]:
        bucket = (bucket ^ byte) * 16777619 % 2**32
    return struct.pack(">H", 0x8000 | (bucket >> 15 ^ bucket) & 0x7FFF) + digest[2:]


def subtree(leaves, depth):
    if len(leaves) < 2:
        return sha(b"\0" + leaves[0][0] + leaves[0][1]) if leaves else ZERO
    sides = ([], [])
    for leaf in leaves:
        sides[leaf[0][depth // 8] >> (7 - depth % 8) & 1].append(leaf)
    return sha(b"\1" + subtree(sides[0], depth + 1) + subtree(sides[1], depth + 1))


def block_hash(block, genesis):
    def field(name):
        return binary(bytes.fromhex(block[name]))

    members = binary(validators_hash(genesis))
    return sha(b"ledger/header/v1" + array([
        text(genesis["chainId"]), uint(block["height"]), field("parent"), uint(block["time"]), uint(block["proposer"]),
        field("transactionsRoot"), field("receiptsRoot"), field("stateRoot"), members, members]))


# Transactions.

def sign(key, genesis, operations):
    sender = bytes.fromhex(key["publicKey"])
    valid_until = int(time.time() * 1000) + 60_000
    body = array([text(genesis["chainId"]), binary(sender), uint(valid_until), uint(7), array(operations)])
    digest = sha(body)
    secret = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))
    signature = secret.sign(b"ledger/tx/v1\0\0\0\0" + digest)
    return digest, signature, array([body, binary(signature)])


def main(node, key_file):
    def get(path):
        return json.load(urllib.request.urlopen(node + path))

    failed = []

    def check(what, ours, theirs):
        print(f"{'ok   ' if ours.hex() == theirs else 'WRONG'} {what}")
        failed.extend([what] if ours.hex() != theirs else [])

    with open(key_file, encoding="utf-8") as file:
        key = json.load(file)
    genesis, status, first = get("/v1/genesis"), get("/v1/status"), get("/v1/blocks/0")
    if status["height"] != 0:
        sys.exit("error: the chain has transactions already; start with './ledger devnet --fresh --detach'")
    state = genesis_state(genesis)
    check("genesis hash", genesis_hash(genesis), status["genesisHash"])
    check("genesis block hash", block_hash(first, genesis), first["hash"])
    check("genesis state root", state_root(state), first["stateRoot"])

    put = array([uint(1), text("notes"), text("from"), binary(b"python")])
    define = array([uint(3), text("gold"), uint(2)])
    digest, signature, encoded = sign(key, genesis, [put, define])
    request = urllib.request.Request(
        node + "/v1/transactions?wait=final", encoded, {"Content-Type": "application/vnd.msgpack"})
    reply = json.load(urllib.request.urlopen(request))
    block = get(f"/v1/blocks/{reply['height']}")
    state[b"knotes\0from"] = array([binary(b"python"), uint(reply["height"])])
    state[b"agold"] = array([binary(bytes.fromhex(key["publicKey"])), uint(2), uint(0)])
    check("transaction hash", digest, reply["hash"])
    check("block hash", block_hash(block, genesis), block["hash"])
    check("transactions root", sha(b"\0" + digest + signature), block["transactionsRoot"])
    check("receipts root", sha(b"\0" + array([binary(digest), uint(0), uint(0)])), block["receiptsRoot"])
    check("state root", state_root(state), block["stateRoot"])
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1].rstrip("/"), sys.argv[2]))
