// The node's status page: its health, its live blocks and transactions, and an explorer. Everything that is shown came
// from the network and is set as text, never as markup.

const POLL_MS = 2000;
const HALTED_MS = 10000;
const BLOCKS_KEPT = 100;
const ROWS = 12;
const FLOOD = 200; // transactions a second beyond which they are counted and not listed

const $ = id => document.getElementById(id);
const state = { status: null, validators: [], blocks: [], transactions: [], arrivals: [], stream: null, listing: true, seen: 0 };

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined).map(child => child instanceof Node ? child : String(child)));
  return node;
}

const link = (to, text) => el('a', { href: to }, text);
const short = hash => hash.slice(0, 10) + '…';
const blockLink = height => link(`#/block/${height}`, height);
const transactionLink = hash => el('a', { href: `#/transaction/${hash}`, class: 'mono', title: hash }, short(hash));
const number = value => Number(value).toLocaleString('en');
/** The upper half of a view is the number of its epoch. */
const viewName = view => view < 2 ** 32 ? number(view) : `${view % 2 ** 32} of epoch ${Math.floor(view / 2 ** 32)}`;
const clock = ms => new Date(ms).toLocaleTimeString('en-GB');
const rate = value => value >= 100 ? number(Math.round(value)) : value.toFixed(1);

function ago(ms) {
  if (ms === null || ms === undefined) return '–';
  const s = Math.round(ms / 1000);
  return s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : s < 86400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
}

/** Amounts have 64 bits, more than a number here holds: they stay as they were written, where the browser can. */
const exactly = (key, value, context) => key === 'amount' && typeof value === 'number' && context?.source ? context.source : value;

async function get(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' }, cache: 'no-store' });
  if (response.ok) return JSON.parse(await response.text(), exactly);
  const problem = await response.json().catch(() => null);
  throw Object.assign(new Error(problem?.detail ?? response.statusText), { status: response.status });
}

// ---- health

/** Validators come and go, and keep their seats. */
const nameOf = seat => state.validators.find(validator => validator.index === seat)?.name ?? seat;

const WAITS = {
  peers: 'other validators', leader: 'a leader to be elected', 'new-view': 'the next primary to open its view',
  proposal: 'the primary to propose a block', prepares: 'votes of the other validators', commits: 'votes of the other validators',
};

function judge(status) {
  const vitals = status.vitals ?? {};
  const away = status.peerList.filter(peer => !peer.connected).map(peer => peer.name);
  if (vitals.oldestTransactionMs > HALTED_MS && vitals.sinceFinalMs > HALTED_MS) {
    return ['bad', 'The network does not advance', `Transactions have waited for ${ago(vitals.oldestTransactionMs)}; ${status.validator} waits for ${WAITS[vitals.waitsFor] ?? 'nothing'}.`];
  }
  if (status.state === 'removed') return ['warn', 'This node is no validator any more', 'It serves what it holds, and takes no part in what comes.'];
  if (status.state === 'joining') return ['warn', 'This node is no validator yet', 'It follows the others until an admin adds it.'];
  if (status.peers + 1 < status.quorum) {
    return ['bad', 'Too few validators are connected', `${status.validator} reaches ${status.peers + 1} of the ${status.quorum} that it takes. Not connected: ${away.join(', ')}.`];
  }
  if (status.state === 'syncing') return ['warn', 'This node is catching up', `It is ${number(vitals.blocksBehind ?? 0)} blocks behind.`];
  if (status.state === 'waiting') return ['warn', 'An election is under way', 'No leader is known yet.'];
  if (status.state === 'draining') return ['warn', 'This node is about to be stopped', 'It takes no new transactions; the network goes on without it.'];
  if (away.length > 0) return ['warn', 'The network advances, with less margin', `Not connected to ${status.validator}: ${away.join(', ')}.`];
  return ['good', 'The network advances', status.mempoolTransactions > 0 ? 'All validators are connected.' : 'All validators are connected; nothing waits.'];
}

function showHealth() {
  const status = state.status;
  const [mood, verdict, why] = status
    ? judge(status)
    : ['bad', 'This node does not answer', 'It may be stopped, or this page may be open for longer than the node.'];
  $('health').className = `health ${mood}`;
  if ($('verdict').textContent !== verdict) $('verdict').textContent = verdict;
  if ($('why').textContent !== why) $('why').textContent = why;
  document.title = `${mood === 'good' ? '' : '⚠ '}${status?.validator ?? 'Ledger'}`;
  if (!status) return;
  $('chain').textContent = `${status.chainId} · ${status.mode} · ${status.validator}`;
  $('about').textContent = `Ledger ${status.version}, up for ${ago(status.uptimeSeconds * 1000)}`;
}

function rates() {
  const now = Date.now();
  state.arrivals = state.arrivals.filter(arrival => now - arrival.at < 10000);
  const seconds = state.arrivals.length > 0 ? Math.max(1, (now - state.arrivals[0].at) / 1000) : 1;
  return [state.arrivals.length / seconds, state.arrivals.reduce((sum, arrival) => sum + arrival.transactions, 0) / seconds];
}

function showTiles() {
  const status = state.status;
  if (!status) return;
  const [blocks, transactions] = rates();
  const isRaft = status.mode === 'raft';
  const tiles = [
    ['Height', number(status.height)],
    ['Transactions a second', rate(transactions)],
    ['Blocks a second', rate(blocks)],
    ['Waiting', number(status.mempoolTransactions)],
    ['Last block', status.height > 0 ? `${ago(status.vitals?.sinceFinalMs ?? status.clock - status.lastBlockTime)} ago` : '–'],
    [isRaft ? 'Term' : 'View', viewName(status.view)],
    [isRaft ? 'Leader' : 'Primary', status.primary ?? 'none'],
  ];
  $('tiles').replaceChildren(...tiles.map(([name, value]) => el('div', null, el('dt', null, name), el('dd', null, value))));
}

// ---- validators

function showValidators() {
  const status = state.status;
  if (!status) return;
  const certified = state.blocks.filter(block => block.signers);
  const rows = state.validators.map(({ name }) => {
    const peer = status.peerList.find(one => one.name === name);
    const vote = status.vitals?.votes.find(one => one.validator === name);
    const signed = certified.filter(block => block.signers.includes(name)).length;
    const share = certified.length > 0 ? Math.round(100 * signed / certified.length) : null;
    const connection = name === status.validator ? el('span', null, 'this node')
      : peer?.connected ? el('span', { class: 'good-text' }, `connected${peer.connectedMs ? ` for ${ago(peer.connectedMs)}` : ''}`)
      : el('span', { class: 'bad-text' }, 'not connected', peer?.lastRefusal ? `: ${peer.lastRefusal}` : '');
    return el('tr', null,
      el('th', { scope: 'row' }, name, name === status.primary ? el('span', { class: 'quiet small' }, status.mode === 'raft' ? ' leader' : ' primary') : null),
      el('td', { class: 'reason' }, connection),
      el('td', null, share === null ? '–' : [el('meter', { min: 0, max: 100, value: share, 'aria-label': `${share} %` }), ` ${share} %`]),
      el('td', { class: 'wide' }, vote?.height ? [`for block ${number(vote.height)}, `, `${ago(vote.ageMs)} ago`] : '–'),
      el('td', { class: 'number' }, peer?.roundTripMs != null ? `${peer.roundTripMs.toFixed(1)} ms` : '–'));
  });
  $('validators').replaceChildren(...rows);
  $('votes-note').textContent = certified.length > 0
    ? `Votes: in how many of the last ${certified.length} certificates a validator stands. A quorum of ${status.quorum} is enough for one, so the slowest may often be missing.`
    : '';
}

// ---- blocks and transactions

function showBlocks() {
  $('blocks').replaceChildren(...state.blocks.slice(0, ROWS).map(block => el('tr', null,
    el('td', null, blockLink(block.height)),
    el('td', null, clock(block.time)),
    el('td', { class: 'number' }, number(block.transactionCount)),
    el('td', null, nameOf(block.proposer)),
    el('td', { class: 'wide mono', title: block.hash }, short(block.hash)))));
  const bars = state.blocks.slice(0, 60).reverse();
  const most = Math.max(1, ...bars.map(block => block.transactionCount));
  const chart = $('chart');
  chart.setAttribute('viewBox', '0 0 60 20');
  chart.replaceChildren(...bars.map((block, i) => {
    const bar = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    const height = Math.max(block.transactionCount > 0 ? 1 : 0, 20 * block.transactionCount / most);
    for (const [name, value] of Object.entries({ x: 60 - bars.length + i, y: 20 - height, width: .8, height })) bar.setAttribute(name, value);
    return bar;
  }));
}

function showTransactions() {
  $('transactions').replaceChildren(...state.transactions.slice(0, ROWS).map(transaction => el('tr', null,
    el('td', null, transactionLink(transaction.hash)),
    el('td', null, blockLink(transaction.height)),
    el('td', { class: transaction.applied ? 'good-text' : 'bad-text', title: transaction.reason }, transaction.applied ? 'applied' : 'no effect'))));
  $('transactions-note').hidden = state.listing;
  $('transactions-note').textContent = state.listing ? '' : 'Too many to list just now; blocks go on.';
}

let drawing = 0;

function draw() {
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    showHealth();
    showTiles();
    showValidators();
    showBlocks();
    showTransactions();
  });
}

// ---- what comes in

function follow() {
  state.stream?.close();
  const from = state.blocks.length > 0 ? state.blocks[0].height + 1 : (state.status?.height ?? 0) + 1;
  const stream = new EventSource(`/v1/events?from=${from}${state.listing ? '' : '&types=block'}`);
  state.stream = stream;
  stream.addEventListener('open', () => { $('live').textContent = 'live'; });
  stream.addEventListener('error', () => { $('live').textContent = 'reconnecting…'; });
  stream.addEventListener('block', event => onBlock(JSON.parse(event.data)));
  stream.addEventListener('transaction', event => {
    state.seen++;
    if (state.transactions.unshift(JSON.parse(event.data)) > ROWS) state.transactions.length = ROWS;
    draw();
  });
}

function onBlock(block) {
  if (state.blocks.length > 0 && block.height <= state.blocks[0].height) return;
  if (state.blocks.unshift(block) > BLOCKS_KEPT) state.blocks.length = BLOCKS_KEPT;
  state.arrivals.push({ at: Date.now(), transactions: block.transactionCount });
  if (state.status) state.status.height = Math.max(state.status.height, block.height);
  draw();
}

/** A flood would cost the node and the reader more than it tells: then blocks alone are followed. */
function mindTheFlood() {
  const perSecond = state.seen / (POLL_MS / 1000);
  state.seen = 0;
  const [, all] = rates();
  const listing = state.listing ? perSecond < FLOOD : all < FLOOD / 4;
  if (listing !== state.listing) {
    state.listing = listing;
    follow();
  }
}

async function poll() {
  if (document.hidden) return;
  try {
    [state.status, state.validators] = await Promise.all([get('/v1/status'), get('/v1/validators')]);
    mindTheFlood();
  } catch {
    state.status = null;
  }
  draw();
}

async function begin() {
  try {
    const status = await get('/v1/status');
    const [validators, blocks] = await Promise.all([
      get('/v1/validators'),
      get(`/v1/blocks?from=${Math.max(1, status.height - BLOCKS_KEPT + 1)}`),
    ]);
    Object.assign(state, { status, validators, blocks: blocks.reverse() });
    follow();
    await fillTransactions();
  } catch {
    state.status = null;
    setTimeout(begin, POLL_MS);
  }
  draw();
}

/** The last ones before the stream began. */
async function fillTransactions() {
  for (const { height } of state.blocks.filter(block => block.transactionCount > 0).slice(0, 3)) {
    if (state.transactions.length >= ROWS) return;
    const block = await get(`/v1/blocks/${height}`);
    const known = new Set(state.transactions.map(transaction => transaction.hash));
    const hashes = block.transactions.filter(hash => !known.has(hash)).slice(-(ROWS - state.transactions.length)).reverse();
    state.transactions.push(...await Promise.all(hashes.map(hash => get(`/v1/transactions/${hash}`))));
  }
}

// ---- explorer

const facts = pairs => el('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== null && value !== undefined)
  .map(([name, value]) => [el('dt', null, name), el('dd', null, value)]));
const mono = text => el('code', null, text);

async function blockView(height) {
  const block = await get(`/v1/blocks/${encodeURIComponent(height)}`);
  const view = state.status?.mode === 'raft' ? 'Term' : 'View';
  return [`Block ${number(block.height)}`,
    el('nav', { class: 'nav', 'aria-label': 'Blocks' },
      block.height > 0 ? link(`#/block/${block.height - 1}`, '← the one before') : null,
      link(`#/block/${block.height + 1}`, 'the next one →')),
    facts([
      ['Hash', mono(block.hash)], ['Parent', mono(block.parent)], ['Time', new Date(block.time).toISOString()],
      ['Proposer', nameOf(block.proposer)], [view, viewName(block.view)],
      ['Signers', block.signers ? block.signers.join(', ') : 'final through a later block’s certificate'],
      ['State root', mono(block.stateRoot)], ['Transactions', number(block.transactionCount)],
    ]),
    el('ol', { class: 'list' }, block.transactions.map(hash => el('li', null, el('a', { class: 'mono', href: `#/transaction/${hash}` }, hash))))];
}

const OPERANDS = ['namespace', 'key', 'asset', 'amount', 'decimals', 'role', 'expectedVersion'];

function operationView(operation) {
  const key = operation.namespace && operation.key ? link(keyPath(operation.namespace, operation.key), operation.key) : operation.key;
  const accounts = [['to', operation.to], ['account', operation.account]].filter(([, address]) => address);
  return el('li', null, el('strong', null, operation.type), ' ',
    OPERANDS.filter(name => operation[name] !== null && operation[name] !== undefined)
      .map(name => [el('span', { class: 'quiet' }, ` ${name} `), name === 'key' ? key : operation[name]]).flat(),
    accounts.map(([name, address]) => [el('span', { class: 'quiet' }, ` ${name} `), el('a', { class: 'mono', href: `#/account/${address}` }, address)]).flat(),
    operation.value ? el('pre', null, textOf(operation.value)) : null);
}

function textOf(base64) {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return base64;
  }
}

async function transactionView(hash) {
  const outcome = await get(`/v1/transactions/${encodeURIComponent(hash)}`);
  const isFinal = outcome.status === 'final';
  const [content, receipt] = isFinal
    ? await Promise.all([get(`/v1/transactions/${hash}/content`), get(`/v1/receipts/${hash}`)])
    : [null, null];
  const result = !isFinal ? el('span', { class: 'warn-text' }, 'waits')
    : outcome.applied ? el('span', { class: 'good-text' }, 'final, applied')
    : el('span', { class: 'bad-text' }, `final, without effect: ${outcome.reason}`);
  return ['Transaction',
    facts([
      ['Hash', mono(hash)], ['Result', result],
      ['Block', isFinal ? el('span', null, blockLink(outcome.height), `, at ${outcome.index}`) : null],
      ['Sender', content ? el('a', { class: 'mono', href: `#/account/${content.sender}` }, content.sender) : null],
      ['Valid until', content ? new Date(content.validUntil).toISOString() : null],
      ['Certified by', receipt?.certificate ? receipt.certificate.signers.join(', ') : null],
    ]),
    content ? el('h3', null, content.operations.length === 1 ? 'Operation' : `${content.operations.length} operations`) : null,
    content ? el('ol', { class: 'list' }, content.operations.map(operationView)) : null];
}

async function accountView(address) {
  const account = await get(`/v1/accounts/${encodeURIComponent(address)}`);
  return ['Account',
    facts([
      ['Address', mono(account.address)], ['At height', number(account.height)],
      ['Roles', account.roles.length > 0 ? account.roles.map(role => role.role + (role.namespace ? ` of ${role.namespace}` : '')).join(', ') : 'none'],
      ['Balances', account.balances.length > 0 ? null : 'none'],
    ]),
    el('ul', { class: 'list' }, account.balances.map(balance => el('li', null, `${balance.asset}: ${BigInt(balance.amount).toLocaleString('en')}`)))];
}

const keyPath = (namespace, key) => `#/key/${encodeURIComponent(namespace)}/${encodeURIComponent(key)}`;

async function keyView(namespace, key) {
  const query = `key=${encodeURIComponent(key)}`;
  const [entry, history] = await Promise.all([
    get(`/v1/state/${encodeURIComponent(namespace)}?${query}`), get(`/v1/history/${encodeURIComponent(namespace)}?${query}&limit=20`)]);
  return [`${namespace}/${key}`,
    facts([['Version', el('span', null, blockLink(entry.version))], ['At height', number(entry.height)]]),
    el('pre', null, entry.valueText ?? entry.value),
    el('h3', null, 'History'),
    el('ol', { class: 'list' }, history.map(version => el('li', null, 'block ', blockLink(version.height), ': ', version.value === null ? 'deleted' : (version.valueText ?? version.value))))];
}

const VIEWS = { block: blockView, transaction: transactionView, account: accountView, key: keyView };

async function route() {
  const [, kind, ...rest] = location.hash.split('/');
  const isDetail = Object.hasOwn(VIEWS, kind ?? '');
  const at = location.hash;
  const detail = $('detail');
  $('overview').hidden = isDetail;
  detail.hidden = !isDetail;
  if (!isDetail) return;
  const back = el('nav', { class: 'nav', 'aria-label': 'Back' }, link('#/', '← Overview'));
  let shown;
  try {
    const [title, ...content] = await VIEWS[kind](...rest.map(decodeURIComponent));
    shown = [el('h2', { tabindex: -1 }, title), ...content];
  } catch (error) {
    shown = [el('h2', { tabindex: -1 }, error.status === 404 ? 'Not found' : 'It cannot be shown'), el('p', null, error.message)];
  }
  if (location.hash !== at) return;
  detail.replaceChildren(back, ...shown.flat().filter(Boolean));
  detail.querySelector('h2').focus();
}

/** What was typed says by its form what it is; only a transaction and an account look alike. */
async function search(text) {
  const slash = text.indexOf('/');
  if (/^(\d+|latest)$/.test(text)) return `#/block/${text}`;
  if (/^[0-9a-f]{64}$/i.test(text)) {
    const hash = text.toLowerCase();
    return get(`/v1/transactions/${hash}`).then(() => `#/transaction/${hash}`, () => `#/account/${hash}`);
  }
  return slash > 0 ? keyPath(text.slice(0, slash), text.slice(slash + 1)) : null;
}

$('search').addEventListener('submit', async event => {
  event.preventDefault();
  const field = $('query');
  const to = await search(field.value.trim());
  field.setCustomValidity(to ? '' : 'Give a height, a hash, an account’s address, or namespace/key');
  if (to) location.hash = to; else field.reportValidity();
});
$('query').addEventListener('input', event => event.target.setCustomValidity(''));

addEventListener('keydown', event => {
  if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement?.tagName !== 'INPUT') {
    event.preventDefault();
    $('query').focus();
  }
});

$('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  try { localStorage.setItem('theme', root.dataset.theme); } catch { /* a private window forgets it */ }
});
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch { /* as above */ }

addEventListener('hashchange', route);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    state.stream?.close();
    state.stream = null;
  } else if (state.status || state.blocks.length > 0) {
    poll().then(follow);
  }
});
setInterval(poll, POLL_MS);
await begin();
await route();
