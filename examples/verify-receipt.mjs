#!/usr/bin/env node
// A second, independent verifier of the ledger's proofs: receipts, state proofs and headers, in both forms.
// Node.js built-ins only. It shares no code with the ledger; docs/proofs.md is all that it was written from.
//
//   node verify-receipt.mjs --genesis genesis.json FILE...    one verdict a line; exit 0, or 4 when one is refused
//   node verify-receipt.mjs --genesis genesis.json --batch    proofs on stdin, each after its length (4 bytes, big-endian)
import { createHash, createPublicKey, verify as opensslVerify } from 'node:crypto';
import { readFileSync } from 'node:fs';

class Refused extends Error {}
const must = (holds, fault) => { if (!holds) throw new Refused(fault); };
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts.map(p => Buffer.from(p)))).digest();
const same = (a, b) => Buffer.compare(a, b) === 0;

// ---- MessagePack: the shortest encoding of each value, and no other -------------------------------------------------
const FORMS = { // the head byte of a short form, how many short forms there are, and the longer ones: head byte to bytes of n
  uint: [0, 128, { 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8 }], array: [0x90, 16, { 0xdc: 2, 0xdd: 4 }],
  str: [0xa0, 32, { 0xd9: 1, 0xda: 2, 0xdb: 4 }], bin: [0xc4, 0, { 0xc4: 1, 0xc5: 2, 0xc6: 4 }],
};
const sized = (n, [fix, shorts, longer]) => { // a head byte and n, in as few bytes as hold it
  if (n < shorts) return Buffer.from([fix | Number(n)]);
  const [code, bytes] = Object.entries(longer).find(([, size]) => n < 2n ** BigInt(8 * size));
  return Buffer.from([code, ...Buffer.from(BigInt(n).toString(16).padStart(2 * bytes, '0'), 'hex')]);
};
const uint = n => sized(BigInt(n), FORMS.uint), array = n => sized(n, FORMS.array);
const bin = b => Buffer.concat([sized(b.length, FORMS.bin), Buffer.from(b)]);
const str = s => Buffer.concat([sized(Buffer.byteLength(s), FORMS.str), Buffer.from(s)]);
class MessagePackReader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  take(n) { must(this.at + n <= this.bytes.length, 'it is cut short'); return this.bytes.subarray(this.at, this.at += n); }
  head(form) { // the count of what begins here, or the number itself
    const start = this.at, [first] = this.take(1), [fix, shorts, longer] = form, size = longer[first];
    must(size || (first >= fix && first < fix + shorts), 'it is not MessagePack of the expected shape');
    const n = size ? BigInt('0x' + this.take(size).toString('hex')) : BigInt(first - fix);
    must(same(sized(n, form), this.bytes.subarray(start, this.at)), 'it is not the canonical encoding of its values');
    return n;
  }
  number() { return this.head(FORMS.uint); }
  count() { return Number(this.head(FORMS.array)); }
  bytesOf() { return this.take(Number(this.head(FORMS.bin))); }
  text() { return utf8(this.take(Number(this.head(FORMS.str)))); }
  end() { must(this.at === this.bytes.length, 'bytes follow the proof'); }
}

const refusing = (fault, read) => { try { return read(); } catch { throw new Refused(fault); } };
const utf8 = bytes => refusing('it is not UTF-8', () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));

// ---- One layout for both forms: a type reads itself from MessagePack (m) and from parsed JSON (j) -------
const type = (m, j) => ({ m, j });
const number = (max = 2n ** 53n - 1n) => {
  const check = n => { must(n >= 0n && n <= max, 'a number is out of its range'); return n; };
  return type(r => check(r.number()), v => { must(Number.isSafeInteger(v), 'a number is not whole'); return check(BigInt(v)); });
};
const text = type(r => r.text(), v => { must(typeof v === 'string', 'a text is missing'); return v; });
const bytes = (max, min = 0) => {
  const check = b => { must(b.length >= min && b.length <= max, 'some bytes are too few or too many'); return b; };
  const hex = v => { must(typeof v === 'string' && /^([0-9a-f]{2})*$/.test(v), 'bytes are not lowercase hexadecimal'); return Buffer.from(v, 'hex'); };
  return type(r => check(r.bytesOf()), v => check(hex(v)));
};
const list = (item, max) => type(
  r => { const n = r.count(); must(n <= max, 'a list is too long'); return Array.from({ length: n }, () => item.m(r)); },
  v => { must(Array.isArray(v) && v.length <= max, 'a list is missing or too long'); return v.map(item.j); });
const record = shape => {
  const fields = Object.entries(shape), read = part => Object.fromEntries(fields.map(([n, t]) => [n, part(t, n)]));
  return type(r => { must(r.count() === fields.length, 'a record has another number of fields'); return read(t => t.m(r)); }, v => {
    must(v !== null && typeof v === 'object' && !Array.isArray(v), 'a record is missing');
    must(JSON.stringify(Object.keys(v)) === JSON.stringify(Object.keys(shape)), 'a member is missing, unknown or out of its place');
    return read((t, n) => t.j(v[n]));
  });
};

const upTo = max => ({ m: number(max).m, j: number().j }); // JSON numbers end at 2^53 - 1
const wide = upTo(2n ** 64n - 1n), seat = number(1023n), digest = bytes(32, 32), stateKey = bytes(579, 2), entry = bytes(65568);
const header = record({
  chainId: text, height: wide, parent: digest, time: upTo(2n ** 63n - 1n), proposer: seat, transactionsRoot: digest,
  receiptsRoot: digest, stateRoot: digest, validatorsHash: digest, nextValidatorsHash: digest });
const certificate = record({ view: wide, signers: list(record({ validator: seat, signature: bytes(64, 64) }), 1024) });
const seats = list(record({ validator: seat, name: text, publicKey: bytes(32) }), 1024);
const unchanged = { header, path: list(header, 10000), certificate };
const finality = { v1: record(unchanged), v2: record({ ...unchanged, changes: list(record({ header, certificate, seats }), 2048) }) };
const path = list(bytes(33, 33), 16), hashes = max => list(digest, max);
const claims = {
  'ledger/receipt': record({
    transaction: bytes(131072), hash: digest, failure: text, failedOperation: number(63n), transactionPath: path, receiptPath: path }),
  'ledger/state-key': record({ key: stateKey, value: list(entry, 1), other: list(bytes(64, 64), 1), siblings: hashes(256) }),
  'ledger/state-prefix': record({
    prefix: bytes(579), siblings: hashes(16), entries: list(record({ key: stateKey, value: entry }), 65536),
    others: list(record({ key: stateKey, valueDigest: digest }), 65536) }),
  'ledger/headers': record({}),
};
function layoutOf(format) { // v1: the validators are those of genesis; v2: they have changed
  const [, kind, version] = /^(ledger\/[a-z-]+)\/(v[12])$/.exec(format) ?? [];
  must(kind && Object.hasOwn(claims, kind), 'its format is not known');
  return { kind, claim: claims[kind], finality: finality[version] };
}

function read(file) {
  must(file.length > 0, 'it is empty');
  if (!'{ \n\r\t'.includes(String.fromCharCode(file[0]))) {
    const reader = new MessagePackReader(file);
    must(reader.count() === 4, 'a proof has four fields');
    const { kind, claim, finality } = layoutOf(reader.text());
    const proof = { kind, genesis: digest.m(reader), claim: claim.m(reader), finality: finality.m(reader) };
    reader.end();
    return proof;
  }
  const json = utf8(file), value = refusing('it is not JSON', () => JSON.parse(json));
  // But for white space there is one text of each value: this refuses escapes, other forms of numbers and what stands twice.
  must(JSON.stringify(value) === json.replace(/[ \t\r\n]/g, ''), 'it is not the JSON form of its values');
  const { kind, claim, finality } = layoutOf(value.format);
  return { kind, ...record({ format: text, genesis: digest, claim, finality }).j(value) };
}

// ---- Ed25519 as strict as libsodium: OpenSSL alone accepts small-order and non-canonical points -----------------------
const P = 2n ** 255n - 19n, L = 2n ** 252n + 27742317777372353535851937790883648493n;
const little = b => BigInt('0x' + Buffer.from(b).reverse().toString('hex'));
const SMALL = new Set([0n, 1n, P - 1n, P, P + 1n,
  little(Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex')),
  little(Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex'))]);
const keys = new Map();
function signed(key, message, signature) {
  const y = little(key) & (2n ** 255n - 1n), r = little(signature.subarray(0, 32)) & (2n ** 255n - 1n);
  if (little(signature.subarray(32)) >= L || y >= P || SMALL.has(y) || SMALL.has(r)) return false;
  try {
    const x = key.toString('base64url');
    if (!keys.has(x)) keys.set(x, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
    return opensslVerify(null, message, keys.get(x), signature);
  } catch { return false; }
}

// ---- The validators: those of genesis, and those that each set has certified after it. An empty seat stays empty -------
const quorumOf = (n, mode) => mode === 'pbft' ? Math.floor((n + Math.floor((n - 1) / 3) + 2) / 2) : Math.floor(n / 2) + 1;
const setOf = (seats, mode, hash) => ({ seats, mode, hash, quorum: quorumOf(seats.filter(Boolean).length, mode) });

function readGenesis(file) {
  const g = JSON.parse(readFileSync(file, 'utf8')), roles = ['admin', 'issuer', 'writer', 'reader'];
  const seats = g.validators.map(v => ({ name: v.name, key: Buffer.from(v.publicKey, 'hex') }));
  const witnesses = g.validators.flatMap((v, i) => v.witness ? [uint(i)] : []);
  const more = g.evidence === 'suspend' ? [uint(1)] : witnesses.length ? [array(witnesses.length), ...witnesses] : [];
  return {
    chainId: g.chainId, set: setOf(seats, g.mode, sha256('ledger/validators/v1', ...seats.map(v => v.key))),
    hash: sha256('ledger/genesis/v1', array(more.length ? 6 : 5), str(g.chainId), uint(g.mode === 'pbft' ? 1 : 2), uint(g.time),
      array(2 * seats.length), ...seats.flatMap(v => [str(v.name), bin(v.key)]),
      array(3 * g.roles.length), ...g.roles.flatMap(r => [
        bin(Buffer.from(r.account, 'hex')), uint(roles.indexOf(r.role) + 1), str(r.namespace ?? '')]),
      ...more),
  };
}

function after(set, changes) {
  const seats = [...set.seats];
  changes.forEach(({ validator, name, publicKey }, i) => {
    const at = Number(validator), leaves = name === '' && publicKey.length === 0;
    must(leaves || (/^[a-z0-9._-]{1,64}$/.test(name) && publicKey.length === 32), 'a seat is given to nobody');
    must((i === 0 || validator > changes[i - 1].validator) && (at === seats.length || (at < seats.length && leaves === Boolean(seats[at]))), 'a seat is out of its turn');
    seats[at] = leaves ? null : { name, key: publicKey };
  });
  must(changes.length > 0 && seats.some(Boolean), 'no validator is left, or none has changed');
  const encoded = seats.flatMap(s => [str(s?.name ?? ''), bin(s?.key ?? [])]);
  return setOf(seats, set.mode, sha256('ledger/validators/v2', array(2 * seats.length), ...encoded));
}

// ---- What each proof says, checked against the header ---------------------------------------------------------------
const fold = (leaf, steps) => steps.reduce((hash, step) => {
  must(step[0] <= 1, 'a step of a path names no side');
  return step[0] === 0 ? sha256([1], step.subarray(1), hash) : sha256([1], hash, step.subarray(1));
}, sha256([0], leaf));

const FAILURES = ['none', 'not_permitted', 'version_mismatch', 'key_not_found', 'asset_exists', 'asset_unknown', 'not_issuer',
  'insufficient_balance', 'overflow', 'invalid_argument', 'last_admin', 'last_validator', 'validator_exists', 'validator_unknown',
  'too_many_validators', ...Array(5).fill(null), 'evidence_invalid', 'evidence_too_old', 'evidence_known'];

function checkReceipt(claim, top, genesis) {
  const tx = claim.transaction, tail = tx.length - 66;
  must(tx[0] === 0x92 && tail > 1 && tx[tail] === 0xc4 && tx[tail + 1] === 64, 'the transaction is malformed');
  const body = tx.subarray(1, tail), signature = tx.subarray(tail + 2), hash = sha256(body);
  const reader = new MessagePackReader(body), fields = reader.count(), chain = reader.text(), sender = bytes(32, 32).m(reader);
  must(fields === 5, 'the transaction is malformed');
  must(chain === genesis.chainId && same(hash, claim.hash), 'the transaction is for another chain, or the outcome of another');
  const failure = FAILURES.indexOf(claim.failure);
  must(failure >= 0, 'the failure is no reason');
  must(same(fold(Buffer.concat([hash, signature]), claim.transactionPath), top.transactionsRoot), 'the transaction is not shown to be in the block');
  const receipt = Buffer.concat([array(3), bin(hash), uint(failure), uint(claim.failedOperation)]);
  must(same(fold(receipt, claim.receiptPath), top.receiptsRoot), 'the outcome is not shown to be that of the block');
  must(signed(sender, Buffer.concat([Buffer.from('ledger/tx/v1\0\0\0\0'), hash]), signature), "the sender's signature is not valid");
  return `transaction ${hash.toString('hex')} ${failure ? `failed (${claim.failure})` : 'took effect'} in block ${top.height}`;
}

const bit = (path, i) => (path[i >> 3] >> (7 - (i & 7))) & 1;
const shares = (a, b, n) => Array.from({ length: n }, (_, i) => bit(a, i) === bit(b, i)).every(Boolean);
const ofNamespace = key => key.length > 2 && key[0] === 0x6b && key.indexOf(0) > 1;
const isStateKey = key => key.length > 1 && (key[0] === 0x6b ? ofNamespace(key) && key.at(-1) !== 0
  : 'br'.includes(String.fromCharCode(key[0])) ? key.length > 33 : 'am'.includes(String.fromCharCode(key[0])));
function pathOf(key) {
  const path = sha256(key);
  const name = key.subarray(1, key.indexOf(0)).reduce((h, b) => Math.imul(h ^ b, 16777619) >>> 0, 2166136261);
  if (key[0] !== 0x6b) path[0] &= 0x7f;
  else path.writeUInt16BE(0x8000 | (((name >>> 15) ^ name) & 0x7fff));
  return path;
}
const leafOf = (path, value) => sha256([0], path, value), valueDigest = value => sha256('ledger/state/v1\0', value);
const above = (left, right) => sha256([1], left, right);
const climb = (hash, path, all) => all.reduceRight((h, sibling, i) => bit(path, i) ? above(sibling, h) : above(h, sibling), hash);

function checkKey(claim, top) {
  const { key, value: [value], other: [other], siblings } = claim, path = pathOf(key);
  must(!(value && other), 'it shows a value and another leaf in its place');
  if (other) must(!same(other.subarray(0, 32), path) && shares(other, path, siblings.length), 'the other leaf is not in the way');
  const leaf = value ? leafOf(path, valueDigest(value)) : other ? leafOf(other.subarray(0, 32), other.subarray(32)) : Buffer.alloc(32);
  must(same(climb(leaf, path, siblings), top.stateRoot), 'it is not shown by the state root');
  return `state key ${key.toString('hex')} is ${value ? value.toString('hex') : 'absent'} after block ${top.height}`;
}

function checkPrefix(claim, top) {
  const { prefix, siblings, entries, others } = claim, path = pathOf(prefix), begins = e => same(e.key.subarray(0, prefix.length), prefix);
  const ascend = all => all.every((e, i) => i === 0 || Buffer.compare(all[i - 1].key, e.key) < 0);
  must(ascend(entries) && ascend(others), 'its keys do not ascend, each once');
  must(entries.every(begins) && !others.some(begins), 'a key stands on the wrong side');
  const all = [...entries, ...others].map(e => [pathOf(e.key), e.valueDigest ?? valueDigest(e.value)]);
  const leaves = all.sort(([a], [b]) => Buffer.compare(a, b));
  must(leaves.every(([p]) => shares(p, path, siblings.length)), 'a key lies elsewhere in the tree');
  const subtree = (from, to, depth) => {
    if (to - from < 2) return to === from ? Buffer.alloc(32) : leafOf(...leaves[from]);
    let split = from;
    while (split < to && !bit(leaves[split][0], depth)) split++;
    return above(subtree(from, split, depth + 1), subtree(split, to, depth + 1));
  };
  must(same(climb(subtree(0, leaves.length, siblings.length), path, siblings), top.stateRoot), 'these are not all keys by the state root');
  return `${entries.length} keys begin with ${prefix.toString('hex')} after block ${top.height}, and no others`;
}

// ---- Finality: each header on the one before, the last signed by a quorum ---------------------------------------------
const hashOf = h => sha256('ledger/header/v1', array(10), str(h.chainId), uint(h.height), bin(h.parent), uint(h.time), uint(h.proposer),
  bin(h.transactionsRoot), bin(h.receiptsRoot), bin(h.stateRoot), bin(h.validatorsHash), bin(h.nextValidatorsHash));
const u64 = n => { const b = Buffer.alloc(8); b.writeBigUInt64BE(n); return b; };

const checkHeader = (h, set, genesis) => must(h.chainId === genesis.chainId && h.height > 0n && same(h.validatorsHash, set.hash)
  && set.seats[h.proposer], 'a header is of another chain, or its genesis, or names other validators');
function checkSigners(h, { view, signers }, set, genesis) {
  must(signers.length >= set.quorum, `${signers.length} validators signed, ${set.quorum} are a quorum`);
  must(signers.every((s, i) => set.seats[s.validator] && (i === 0 || signers[i - 1].validator < s.validator)),
    'the signers are not validators, or do not ascend, each once');
  const statement = Buffer.concat([
    Buffer.from('ledger/vote/v1\0\0'), genesis.hash, Buffer.from([2]), u64(view), u64(0n), u64(h.height), hashOf(h)]);
  for (const s of signers) must(signed(set.seats[s.validator].key, statement, s.signature), `the signature of validator ${s.validator} is not valid`);
}

function checkFinality({ header: first, path: rest, certificate: last, changes }, genesis) {
  const sets = [genesis.set], top = rest.at(-1) ?? first, shown = changes ?? [];
  must(!changes || changes.length > 0, 'it shows no change of validators');
  shown.forEach(({ header: h, certificate: c, seats }, i) => {
    must(h.height > (shown[i - 1]?.header.height ?? 0n) && h.height < top.height, 'a change of validators is out of its place');
    checkHeader(h, sets[i], genesis);
    checkSigners(h, c, sets[i], genesis);
    sets.push(after(sets[i], seats));
    must(same(sets[i + 1].hash, h.nextValidatorsHash), 'the validators after a change are not those that it names');
  });
  let epoch = shown.filter(c => c.header.height < first.height).length, below;
  for (const h of [first, ...rest]) {
    must(!below || (h.height === below.height + 1n && same(h.parent, hashOf(below))), 'a header does not follow the one before');
    if (below && !same(below.validatorsHash, below.nextValidatorsHash)) {
      must(shown[epoch] && same(hashOf(shown[epoch++].header), hashOf(below)), 'a change of validators is not shown');
    }
    checkHeader(h, sets[epoch], genesis);
    below = h;
  }
  must(epoch === shown.length, 'a change of validators is not one of its chain');
  checkSigners(top, last, sets[epoch], genesis);
  return `final by ${last.signers.map(s => sets[epoch].seats[s.validator].name).join(', ')}`;
}

function verify(file, genesis) {
  const { kind, genesis: chain, claim, finality: final } = read(file), top = final.header;
  must(same(chain, genesis.hash), 'it is of another chain');
  if (claim.key) must(isStateKey(claim.key), 'its key is no key of the state');
  if (claim.prefix) must(ofNamespace(claim.prefix) && [...claim.entries, ...claim.others].every(e => isStateKey(e.key)), 'its keys are none of the state');
  const checks = { 'ledger/receipt': checkReceipt, 'ledger/state-key': checkKey, 'ledger/state-prefix': checkPrefix };
  const said = checks[kind]?.(claim, top, genesis) ?? `headers from ${top.height} on follow each other`;
  return `${said}, ${checkFinality(final, genesis)}`;
}
const verdict = (file, genesis) => {
  try { return 'ok: ' + verify(file, genesis); } catch (e) { if (!(e instanceof Refused)) throw e; return 'refused: ' + e.message; }
};
const [flag, genesisFile, ...names] = process.argv.slice(2);
if (flag !== '--genesis' || names.length === 0) {
  console.error('usage: verify-receipt.mjs --genesis genesis.json FILE... | --batch'), process.exit(2);
}
const genesis = readGenesis(genesisFile);
if (names[0] === '--batch') {
  let rest = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    rest = Buffer.concat([rest, chunk]);
    for (let end; rest.length >= 4 && rest.length >= (end = 4 + rest.readUInt32BE()); rest = rest.subarray(end)) {
      process.stdout.write(verdict(rest.subarray(4, end), genesis) + '\n');
    }
  }
} else for (const name of names) {
  const line = verdict(readFileSync(name), genesis);
  console.log(`${name}: ${line}`);
  if (!line.startsWith('ok')) process.exitCode = 4;
}
