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
const sized = (n, [fix, limit], codes) => { // a head byte and n, in as few bytes as hold it
  if (n < limit) return Buffer.from([fix | Number(n)]);
  const [code, bytes] = codes.find(([, size]) => n < 2n ** BigInt(8 * size));
  return Buffer.from([code, ...Buffer.from(BigInt(n).toString(16).padStart(2 * bytes, '0'), 'hex')]);
};
const uint = n => sized(BigInt(n), [0, 128n], [[0xcc, 1], [0xcd, 2], [0xce, 4], [0xcf, 8]]);
const array = n => sized(BigInt(n), [0x90, 16n], [[0xdc, 2], [0xdd, 4]]);
const bin = b => Buffer.concat([sized(BigInt(b.length), [0, 0n], [[0xc4, 1], [0xc5, 2], [0xc6, 4]]), b]);
const str = s => Buffer.concat([sized(BigInt(Buffer.byteLength(s)), [0xa0, 32n], [[0xd9, 1], [0xda, 2], [0xdb, 4]]), Buffer.from(s)]);

class MessagePackReader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  take(n) {
    must(this.at + n <= this.bytes.length, 'it is cut short');
    return this.bytes.subarray(this.at, this.at += n);
  }
  head(fix, mask, codes, write) { // the count of what begins here, or the number itself
    const start = this.at, [first] = this.take(1), size = codes[first];
    must((first & mask) === fix || size, 'it is not MessagePack of the expected shape');
    const n = size ? BigInt('0x' + this.take(size).toString('hex')) : BigInt(first & ~mask);
    must(same(write(n), this.bytes.subarray(start, this.at)), 'it is not the canonical encoding of its values');
    return n;
  }
  number() { return this.head(0, 0x80, { 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8 }, uint); }
  count() { return Number(this.head(0x90, 0xf0, { 0xdc: 2, 0xdd: 4 }, array)); }
  bytesOf() { // no short form: a mask that nothing meets
    return this.take(Number(this.head(-1, 0, { 0xc4: 1, 0xc5: 2, 0xc6: 4 }, n => sized(n, [0, 0n], [[0xc4, 1], [0xc5, 2], [0xc6, 4]]))));
  }
  text() {
    const n = this.head(0xa0, 0xe0, { 0xd9: 1, 0xda: 2, 0xdb: 4 }, m => sized(m, [0xa0, 32n], [[0xd9, 1], [0xda, 2], [0xdb, 4]]));
    return utf8(this.take(Number(n)));
  }
  end() { must(this.at === this.bytes.length, 'bytes follow the proof'); }
}

const utf8 = bytes => {
  try { return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes); } catch { throw new Refused('it is not UTF-8'); }
};

// ---- One layout for both forms: [name, type]; a type reads itself from MessagePack (m) and from parsed JSON (j) -------
const type = (m, j) => ({ m, j });
const number = (max = 2n ** 53n - 1n) => {
  const check = n => { must(n >= 0n && n <= max, 'a number is out of its range'); return n; };
  return type(r => check(r.number()), v => { must(Number.isSafeInteger(v), 'a number is not whole'); return check(BigInt(v)); });
};
const text = type(r => r.text(), v => { must(typeof v === 'string', 'a text is missing'); return v; });
const bytes = (max, min = 0) => {
  const check = b => { must(b.length >= min && b.length <= max, 'some bytes are too few or too many'); return b; };
  return type(r => check(r.bytesOf()), v => {
    must(typeof v === 'string' && /^([0-9a-f]{2})*$/.test(v), 'bytes are not lowercase hexadecimal');
    return check(Buffer.from(v, 'hex'));
  });
};
const list = (item, max) => type(
  r => { const n = r.count(); must(n <= max, 'a list is too long'); return Array.from({ length: n }, () => item.m(r)); },
  v => { must(Array.isArray(v) && v.length <= max, 'a list is missing or too long'); return v.map(item.j); });
const record = fields => type(
  r => { must(r.count() === fields.length, 'a record has another number of fields'); return Object.fromEntries(fields.map(([n, t]) => [n, t.m(r)])); },
  v => {
    must(v !== null && typeof v === 'object' && !Array.isArray(v), 'a record is missing');
    must(JSON.stringify(Object.keys(v)) === JSON.stringify(fields.map(([n]) => n)), 'a member is missing, unknown or out of its place');
    return Object.fromEntries(fields.map(([n, t]) => [n, t.j(v[n])]));
  });

const U64 = 2n ** 64n - 1n, digest = bytes(32, 32), stateKey = bytes(579, 2), entry = bytes(65568);
const wide = { m: number(U64).m, j: number().j }; // JSON numbers end at 2^53 - 1
const time = { m: number(2n ** 63n - 1n).m, j: number().j };
const header = record([
  ['chainId', text], ['height', wide], ['parent', digest], ['time', time], ['proposer', number(1023n)], ['transactionsRoot', digest],
  ['receiptsRoot', digest], ['stateRoot', digest], ['validatorsHash', digest], ['nextValidatorsHash', digest]]);
const finality = record([
  ['header', header], ['path', list(header, 10000)],
  ['certificate', record([
    ['view', wide], ['signers', list(record([['validator', number(1023n)], ['signature', bytes(64, 64)]]), 1024)]])]]);
const path = list(bytes(33, 33), 16);
const claims = {
  'ledger/receipt/v1': record([
    ['transaction', bytes(131072)], ['hash', digest], ['failure', text], ['failedOperation', number(63n)],
    ['transactionPath', path], ['receiptPath', path]]),
  'ledger/state-key/v1': record([
    ['key', stateKey], ['value', list(entry, 1)], ['other', list(bytes(64, 64), 1)], ['siblings', list(digest, 256)]]),
  'ledger/state-prefix/v1': record([
    ['prefix', bytes(579)], ['siblings', list(digest, 16)],
    ['entries', list(record([['key', stateKey], ['value', entry]]), 65536)],
    ['others', list(record([['key', stateKey], ['valueDigest', digest]]), 65536)]]),
  'ledger/headers/v1': record([]),
};

function read(file) {
  must(file.length > 0, 'it is empty');
  if (!'{ \n\r\t'.includes(String.fromCharCode(file[0]))) {
    const reader = new MessagePackReader(file);
    must(reader.count() === 4, 'a proof has four fields');
    const format = reader.text(), genesis = digest.m(reader);
    must(Object.hasOwn(claims, format), 'its format is not known');
    const proof = { format, genesis, claim: claims[format].m(reader), finality: finality.m(reader) };
    reader.end();
    return proof;
  }
  const json = utf8(file);
  let value;
  try { value = JSON.parse(json); } catch { throw new Refused('it is not JSON'); }
  // But for white space there is one text of each value: this refuses escapes, other forms of numbers and what stands twice.
  must(JSON.stringify(value) === json.replace(/[ \t\r\n]/g, ''), 'it is not the JSON form of its values');
  must(Object.hasOwn(claims, String(value.format)), 'its format is not known');
  return record([['format', text], ['genesis', digest], ['claim', claims[value.format]], ['finality', finality]]).j(value);
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

// ---- The genesis: who validates, how many are a quorum, and the hash that all signatures are bound to -----------------
function readGenesis(file) {
  const g = JSON.parse(readFileSync(file, 'utf8')), n = g.validators.length, f = Math.floor((n - 1) / 3);
  const validators = g.validators.map(v => ({ name: v.name, key: Buffer.from(v.publicKey, 'hex') }));
  const roles = ['admin', 'issuer', 'writer', 'reader'];
  return {
    chainId: g.chainId, validators,
    quorum: g.mode === 'pbft' ? Math.floor((n + f + 2) / 2) : Math.floor(n / 2) + 1,
    hash: sha256('ledger/genesis/v1', array(5), str(g.chainId), uint(g.mode === 'pbft' ? 1 : 2), uint(g.time),
      array(2 * n), ...validators.flatMap(v => [str(v.name), bin(v.key)]),
      array(3 * g.roles.length), ...g.roles.flatMap(r => [
        bin(Buffer.from(r.account, 'hex')), uint(roles.indexOf(r.role) + 1), str(r.namespace ?? '')])),
    validatorsHash: sha256('ledger/validators/v1', ...validators.map(v => v.key)),
  };
}

// ---- What each proof says, checked against the header ---------------------------------------------------------------
const fold = (leaf, steps) => steps.reduce((hash, step) => {
  must(step[0] <= 1, 'a step of a path names no side');
  return step[0] === 0 ? sha256([1], step.subarray(1), hash) : sha256([1], hash, step.subarray(1));
}, sha256([0], leaf));

const FAILURES = ['none', 'not_permitted', 'version_mismatch', 'key_not_found', 'asset_exists', 'asset_unknown', 'not_issuer',
  'insufficient_balance', 'overflow', 'invalid_argument', 'last_admin', ...Array(9).fill(null), 'evidence_invalid',
  'evidence_too_old', 'evidence_known'];

function checkReceipt(claim, top, genesis) {
  const tx = claim.transaction, tail = tx.length - 66;
  must(tx[0] === 0x92 && tail > 1 && tx[tail] === 0xc4 && tx[tail + 1] === 64, 'the transaction is malformed');
  const body = tx.subarray(1, tail), signature = tx.subarray(tail + 2), hash = sha256(body);
  const reader = new MessagePackReader(body);
  must(reader.count() === 5, 'the transaction is malformed');
  const chain = reader.text(), sender = bytes(32, 32).m(reader);
  must(chain === genesis.chainId, 'the transaction is for another chain');
  must(same(hash, claim.hash), 'the outcome is of another transaction');
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
  if (key[0] !== 0x6b) path[0] &= 0x7f;
  else path.writeUInt16BE(0x8000 | (bucket(key.subarray(1, key.indexOf(0))) & 0x7fff));
  return path;
}
function bucket(name) {
  const hash = name.reduce((h, b) => Math.imul(h ^ b, 16777619) >>> 0, 2166136261);
  return (hash >>> 15) ^ hash;
}
const leafOf = (path, value) => sha256([0], path, value);
const valueDigest = value => sha256('ledger/state/v1\0', value);
const climb = (hash, path, siblings) => siblings.reduceRight(
  (h, sibling, i) => bit(path, i) ? sha256([1], sibling, h) : sha256([1], h, sibling), hash);

function checkKey(claim, top) {
  const { key, value: [value], other: [other], siblings } = claim, path = pathOf(key);
  must(!(value && other), 'it shows a value and another leaf in its place');
  if (other) must(!same(other.subarray(0, 32), path) && shares(other, path, siblings.length), 'the other leaf is not in the way');
  const leaf = value ? leafOf(path, valueDigest(value)) : other ? leafOf(other.subarray(0, 32), other.subarray(32)) : Buffer.alloc(32);
  must(same(climb(leaf, path, siblings), top.stateRoot), 'it is not shown by the state root');
  return `state key ${key.toString('hex')} is ${value ? value.toString('hex') : 'absent'} after block ${top.height}`;
}

function checkPrefix(claim, top) {
  const { prefix, siblings, entries, others } = claim, path = pathOf(prefix);
  const begins = e => same(e.key.subarray(0, prefix.length), prefix);
  const ascend = all => all.every((e, i) => i === 0 || Buffer.compare(all[i - 1].key, e.key) < 0);
  must(ascend(entries) && ascend(others), 'its keys do not ascend, each once');
  must(entries.every(begins) && !others.some(begins), 'a key stands on the wrong side');
  const leaves = [...entries.map(e => [pathOf(e.key), valueDigest(e.value)]), ...others.map(e => [pathOf(e.key), e.valueDigest])]
    .sort(([a], [b]) => Buffer.compare(a, b));
  must(leaves.every(([p]) => shares(p, path, siblings.length)), 'a key lies elsewhere in the tree');
  const subtree = (from, to, depth) => {
    if (to - from < 2) return to === from ? Buffer.alloc(32) : leafOf(...leaves[from]);
    let split = from;
    while (split < to && !bit(leaves[split][0], depth)) split++;
    return sha256([1], subtree(from, split, depth + 1), subtree(split, to, depth + 1));
  };
  must(same(climb(subtree(0, leaves.length, siblings.length), path, siblings), top.stateRoot), 'these are not all keys by the state root');
  return `${entries.length} keys begin with ${prefix.toString('hex')} after block ${top.height}, and no others`;
}

// ---- Finality: each header on the one before, the last signed by a quorum ---------------------------------------------
const hashOf = h => sha256('ledger/header/v1', array(10), str(h.chainId), uint(h.height), bin(h.parent), uint(h.time), uint(h.proposer),
  bin(h.transactionsRoot), bin(h.receiptsRoot), bin(h.stateRoot), bin(h.validatorsHash), bin(h.nextValidatorsHash));
const u64 = n => { const b = Buffer.alloc(8); b.writeBigUInt64BE(n); return b; };

function checkFinality({ header: first, path: above, certificate: { view, signers } }, genesis) {
  let hash, below;
  for (const h of [first, ...above]) {
    must(!below || (h.height === below.height + 1n && same(h.parent, hash)), 'a header does not follow the one before');
    must(h.chainId === genesis.chainId && h.height > 0n, 'a header is of another chain, or its genesis');
    must(same(h.validatorsHash, genesis.validatorsHash) && h.proposer < genesis.validators.length, 'a header names other validators');
    below = h;
    hash = hashOf(h);
  }
  must(signers.length >= genesis.quorum, `${signers.length} validators signed, ${genesis.quorum} are a quorum`);
  must(signers.every((s, i) => s.validator < genesis.validators.length && (i === 0 || signers[i - 1].validator < s.validator)),
    'the signers do not ascend, each once');
  const statement = Buffer.concat([
    Buffer.from('ledger/vote/v1\0\0'), genesis.hash, Buffer.from([2]), u64(view), u64(0n), u64(below.height), hash]);
  for (const s of signers) {
    must(signed(genesis.validators[Number(s.validator)].key, statement, s.signature), `the signature of validator ${s.validator} is not valid`);
  }
  return `final by ${signers.map(s => genesis.validators[Number(s.validator)].name).join(', ')}`;
}

function verify(file, genesis) {
  const { format, genesis: chain, claim, finality: final } = read(file), top = final.header;
  must(same(chain, genesis.hash), 'it is of another chain');
  if (claim.key) must(isStateKey(claim.key), 'its key is no key of the state');
  if (claim.prefix) must(ofNamespace(claim.prefix) && [...claim.entries, ...claim.others].every(e => isStateKey(e.key)), 'its keys are none of the state');
  const said = format === 'ledger/receipt/v1' ? checkReceipt(claim, top, genesis)
    : format === 'ledger/state-key/v1' ? checkKey(claim, top)
    : format === 'ledger/state-prefix/v1' ? checkPrefix(claim, top) : `headers from ${top.height} on follow each other`;
  return `${said}, ${checkFinality(final, genesis)}`;
}

function verdict(file, genesis) {
  try { return 'ok: ' + verify(file, genesis); } catch (e) { if (e instanceof Refused) return 'refused: ' + e.message; throw e; }
}

const args = process.argv.slice(2);
if (args[0] !== '--genesis' || args.length < 3) {
  console.error('usage: verify-receipt.mjs --genesis genesis.json FILE... | --batch');
  process.exit(2);
}
const genesis = readGenesis(args[1]);
if (args[2] === '--batch') {
  let rest = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    rest = Buffer.concat([rest, chunk]);
    const lines = [];
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      lines.push(verdict(rest.subarray(4, 4 + rest.readUInt32BE()), genesis));
      rest = rest.subarray(4 + rest.readUInt32BE());
    }
    if (lines.length > 0) process.stdout.write(lines.join('\n') + '\n');
  }
} else {
  for (const name of args.slice(2)) {
    const line = verdict(readFileSync(name), genesis);
    console.log(`${name}: ${line}`);
    if (!line.startsWith('ok')) process.exitCode = 4;
  }
}
