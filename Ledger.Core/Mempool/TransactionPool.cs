using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>What became of a transaction that was offered.</summary>
public enum AdmitResult
{
    Added,
    Duplicate,
    Full,
    SenderShareFull,
    Expired,
    AlreadyFinal,
}

/// <param name="MaxTransactions">Over all senders.</param>
/// <param name="MaxBytes">Over all senders.</param>
/// <param name="SenderShare">The part of either that one sender may take, in percent; 1 to 100.</param>
public sealed record MempoolLimits(int MaxTransactions, long MaxBytes, int SenderSharePercent)
{
    public static readonly MempoolLimits Default = new(50_000, 64 * 1024 * 1024, 50);

    /// <summary>Transactions that one sender may have waiting: always one, however small its share.</summary>
    public long SenderTransactions => Math.Max(1, (long)MaxTransactions * SenderSharePercent / 100);

    public long SenderBytes => MaxBytes * SenderSharePercent / 100;
}

/// <summary>
/// Admitted transactions that wait to be final. Each sender has its own queue, and blocks are packed from the
/// queues in turn, so that a client that floods fills its own share and delays only itself. A transaction
/// that was packed is set aside until it is final, or until its block turns out not to become so.
/// </summary>
/// <remarks>
/// Two times are handed in: the calendar's, which decides what has expired, and one that only ever runs
/// forward, which tells how long something has waited.
/// </remarks>
public sealed class TransactionPool(MempoolLimits limits)
{
    /// <summary>
    /// Final transactions that are remembered, against one that was admitted while it became final.
    /// </summary>
    public const int RecentMax = 65_536;

    private readonly Dictionary<Digest, Entry> _byHash = [];
    private readonly HashSet<Digest> _recent = [];
    private readonly Queue<Digest> _recentOrder = new();
    private readonly Dictionary<PublicKey, Sender> _senders = [];
    private readonly LinkedList<Entry> _byAge = new();
    private readonly LinkedList<Sender> _turns = new();

    public int Count => _byHash.Count;

    public long Bytes { get; private set; }

    /// <summary>How many wait and are in no block yet.</summary>
    public int Ready { get; private set; }

    /// <summary>When the one that has waited longest came; null when none waits.</summary>
    public TimeSpan? OldestAdmittedAt => _byAge.First?.Value.AdmittedAt;

    /// <summary>
    /// How many have become final since the start. Whoever asks the store whether a transaction is final and
    /// then adds it must ask again when this has grown by more than <see cref="RecentMax"/> in between.
    /// </summary>
    public ulong Finalised { get; private set; }

    /// <summary>
    /// What <see cref="TryAdd"/> would say now: asked before a signature is checked, which costs far more.
    /// </summary>
    public AdmitResult Judge(Transaction transaction, Timestamp now)
    {
        if (_byHash.ContainsKey(transaction.Hash))
        {
            return AdmitResult.Duplicate;
        }

        if (_recent.Contains(transaction.Hash))
        {
            return AdmitResult.AlreadyFinal;
        }

        if (transaction.Body.ValidUntil < now)
        {
            return AdmitResult.Expired;
        }

        var size = transaction.Encoded.Length;
        if (_byHash.Count >= limits.MaxTransactions || Bytes + size > limits.MaxBytes)
        {
            return AdmitResult.Full;
        }

        var (count, bytes) = _senders.TryGetValue(transaction.Sender, out var sender)
            ? (sender.Count, sender.Bytes)
            : (0, 0);
        return count + 1 <= limits.SenderTransactions && bytes + size <= limits.SenderBytes
            ? AdmitResult.Added
            : AdmitResult.SenderShareFull;
    }

    /// <summary>Takes in a transaction whose signature and rules were checked.</summary>
    public AdmitResult TryAdd(Transaction transaction, Timestamp now, TimeSpan at)
    {
        var verdict = Judge(transaction, now);
        if (verdict == AdmitResult.Added)
        {
            Add(transaction, at);
        }

        return verdict;
    }

    /// <summary>Whether this very transaction, signature and all, was checked at admission.</summary>
    public bool IsKnownGood(Transaction transaction)
        => _byHash.TryGetValue(transaction.Hash, out var entry)
            && entry.Transaction.Signature == transaction.Signature;

    public bool Contains(Digest hash) => _byHash.ContainsKey(hash);

    /// <summary>The next transactions for a block, from each sender in turn; they are set aside.</summary>
    public IReadOnlyList<Transaction> Take(int maxCount, int maxBytes)
    {
        List<Transaction> taken = [];
        while (taken.Count < maxCount && _turns.First is { } turn)
        {
            var entry = turn.Value.Waiting.First!.Value;
            var size = entry.Transaction.Encoded.Length;

            // A limit set below one transaction's size must not keep that transaction out for ever.
            if (size > maxBytes && taken.Count > 0)
            {
                break;
            }

            maxBytes -= size;
            _turns.Remove(turn);
            _turns.AddLast(turn);
            SetAside(entry);
            taken.Add(entry.Transaction);
        }

        return taken;
    }

    /// <summary>Sets aside what a block of another proposer holds, so that it is not packed twice.</summary>
    public void SetAside(IReadOnlyList<Transaction> transactions)
    {
        foreach (var transaction in transactions)
        {
            if (_byHash.TryGetValue(transaction.Hash, out var entry))
            {
                SetAside(entry);
            }
        }
    }

    /// <summary>
    /// Blocks were given up with their view: everything not final waits again, in order of admission.
    /// </summary>
    public void ReleaseAll()
    {
        foreach (var entry in _byAge)
        {
            SetAside(entry);
        }

        foreach (var entry in _byAge)
        {
            MakeReady(entry);
        }
    }

    /// <summary>Final transactions leave.</summary>
    /// <returns>How long each that was here had waited.</returns>
    public IReadOnlyList<TimeSpan> Remove(IReadOnlyList<Transaction> final, TimeSpan at)
    {
        List<TimeSpan> waited = new(final.Count);
        foreach (var transaction in final)
        {
            Finalised++;
            Remember(transaction.Hash);
            if (_byHash.TryGetValue(transaction.Hash, out var entry))
            {
                Forget(entry);
                waited.Add(at - entry.AdmittedAt);
            }
        }

        return waited;
    }

    /// <summary>Drops what no block may hold any more.</summary>
    /// <returns>How many were dropped.</returns>
    public int DropExpired(Timestamp now)
    {
        var before = Count;
        for (var node = _byAge.First; node is not null;)
        {
            var entry = node.Value;
            node = node.Next;
            if (entry.Transaction.Body.ValidUntil < now)
            {
                Forget(entry);
            }
        }

        return before - Count;
    }

    /// <summary>
    /// The transactions that a correct primary would have served by now: waiting for longer than
    /// <paramref name="patience"/>, while twice as many as waited before them became final. A mere backlog is
    /// not censorship.
    /// </summary>
    /// <param name="patience">Since admission.</param>
    /// <param name="since">When the current view was entered: no primary is blamed for the time of
    /// another.</param>
    /// <param name="at">Now.</param>
    public IReadOnlyList<Transaction> Overdue(TimeSpan patience, TimeSpan since, TimeSpan at)
    {
        List<Transaction> overdue = [];
        foreach (var entry in _byAge)
        {
            var from = entry.AdmittedAt > since ? entry.AdmittedAt : since;
            if (at - from <= patience)
            {
                break;
            }

            if (Finalised - entry.FinalisedBefore > 2 * ((ulong)entry.WaitingBefore + 1))
            {
                overdue.Add(entry.Transaction);
            }
        }

        return overdue;
    }

    /// <summary>
    /// Everything that waits, oldest first, up to a limit: for a peer that has just connected.
    /// </summary>
    public IReadOnlyList<Transaction> Oldest(int limit)
        => [.. _byAge.Take(limit).Select(entry => entry.Transaction)];

    /// <summary>
    /// What has waited for longer than <paramref name="patience"/>, oldest first, up to a limit.
    /// </summary>
    public IReadOnlyList<Transaction> WaitingFor(TimeSpan patience, TimeSpan at, int limit)
        =>
        [
            .. _byAge.TakeWhile(entry => at - entry.AdmittedAt > patience).Take(limit)
                .Select(entry => entry.Transaction),
        ];

    private void Add(Transaction transaction, TimeSpan at)
    {
        if (!_senders.TryGetValue(transaction.Sender, out var sender))
        {
            _senders[transaction.Sender] = sender = new(transaction.Sender);
        }

        var entry = new Entry(transaction, sender, at, Finalised, _byHash.Count);
        _byHash[transaction.Hash] = entry;
        entry.Age = _byAge.AddLast(entry);
        sender.Count++;
        sender.Bytes += transaction.Encoded.Length;
        Bytes += transaction.Encoded.Length;
        MakeReady(entry);
    }

    private void Remember(Digest final)
    {
        if (!_recent.Add(final))
        {
            return;
        }

        _recentOrder.Enqueue(final);
        if (_recentOrder.Count > RecentMax)
        {
            _recent.Remove(_recentOrder.Dequeue());
        }
    }

    private void MakeReady(Entry entry)
    {
        Ready++;
        entry.Place = entry.Sender.Waiting.AddLast(entry);
        entry.Sender.Turn ??= _turns.AddLast(entry.Sender);
    }

    private void SetAside(Entry entry)
    {
        if (entry.Place is not { } place)
        {
            return;
        }

        Ready--;
        entry.Place = null;
        entry.Sender.Waiting.Remove(place);
        if (entry.Sender.Waiting.Count == 0)
        {
            _turns.Remove(entry.Sender.Turn!);
            entry.Sender.Turn = null;
        }
    }

    private void Forget(Entry entry)
    {
        SetAside(entry);
        _byHash.Remove(entry.Transaction.Hash);
        _byAge.Remove(entry.Age!);
        var size = entry.Transaction.Encoded.Length;
        Bytes -= size;
        entry.Sender.Bytes -= size;
        if (--entry.Sender.Count == 0)
        {
            _senders.Remove(entry.Sender.Key);
        }
    }

    private sealed class Entry(
        Transaction transaction, Sender sender, TimeSpan admittedAt, ulong finalisedBefore, int waitingBefore)
    {
        public Transaction Transaction { get; } = transaction;

        public Sender Sender { get; } = sender;

        public TimeSpan AdmittedAt { get; } = admittedAt;

        public ulong FinalisedBefore { get; } = finalisedBefore;

        public int WaitingBefore { get; } = waitingBefore;

        /// <summary>Its place among all, oldest first.</summary>
        public LinkedListNode<Entry>? Age { get; set; }

        /// <summary>Its place in its sender's queue; null while a block holds it.</summary>
        public LinkedListNode<Entry>? Place { get; set; }
    }

    private sealed class Sender(PublicKey key)
    {
        public PublicKey Key { get; } = key;

        public LinkedList<Entry> Waiting { get; } = new();

        /// <summary>Its place among the senders that have something waiting.</summary>
        public LinkedListNode<Sender>? Turn { get; set; }

        public int Count { get; set; }

        public long Bytes { get; set; }
    }
}
