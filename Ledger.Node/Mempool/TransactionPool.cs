using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Mempool;

/// <summary>What became of a transaction that was offered.</summary>
public enum AdmitResult
{
    Added,
    Duplicate,
    Full,
    SenderShareFull,
    Expired,
}

/// <param name="MaxTransactions">Over all senders.</param>
/// <param name="MaxBytes">Over all senders.</param>
/// <param name="SenderShare">The part of either that one sender may take; above 0, at most 1.</param>
public sealed record MempoolLimits(int MaxTransactions, long MaxBytes, double SenderShare)
{
    public static readonly MempoolLimits Default = new(50_000, 64 * 1024 * 1024, 0.5);
}

/// <summary>
/// Admitted transactions that wait to be final. Each sender has its own queue, and blocks are packed from the queues in
/// turn, so that a client that floods fills its own share and delays only itself. A transaction that was packed is set
/// aside until it is final, or until its block turns out not to become so.
/// </summary>
/// <remarks>
/// Under one small lock: admission's workers, the executor and the API all look in, none for longer than a few
/// dictionary steps, and a channel would only move the waiting.
/// </remarks>
public sealed class TransactionPool(MempoolLimits limits, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, Entry> _byHash = [];
    private readonly Dictionary<PublicKey, Sender> _senders = [];
    private readonly LinkedList<Sender> _turns = new();
    private long _bytes;
    private int _ready;
    private ulong _admitted;
    private ulong _finalised;

    /// <summary>Rung when a transaction becomes ready to be packed. Must not block, nor call back.</summary>
    public Action? OnReady { get; set; }

    /// <summary>Told when the pool becomes empty, or no longer is. Must not block, nor call back.</summary>
    public Action<bool>? OnPending { get; set; }

    /// <summary>Told how many seconds a transaction took from admission to final.</summary>
    public Action<double>? OnFinality { get; set; }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byHash.Count;
            }
        }
    }

    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>How many wait and are in no block yet.</summary>
    public int Ready
    {
        get
        {
            lock (_lock)
            {
                return _ready;
            }
        }
    }

    /// <summary>What <see cref="TryAdd"/> would say now: asked before a signature is checked, which costs far more.</summary>
    public AdmitResult WouldAdd(Transaction transaction)
    {
        lock (_lock)
        {
            return Judge(transaction);
        }
    }

    /// <summary>Takes in a transaction whose signature and rules were checked.</summary>
    public AdmitResult TryAdd(Transaction transaction)
    {
        lock (_lock)
        {
            var verdict = Judge(transaction);
            if (verdict != AdmitResult.Added)
            {
                return verdict;
            }

            Add(transaction);
        }

        OnReady?.Invoke();
        return AdmitResult.Added;
    }

    /// <summary>Whether this very transaction, signature and all, was checked at admission.</summary>
    public bool IsKnownGood(Transaction transaction)
    {
        lock (_lock)
        {
            return _byHash.TryGetValue(transaction.Hash, out var entry)
                && entry.Transaction.Signature == transaction.Signature;
        }
    }

    public bool Contains(Digest hash)
    {
        lock (_lock)
        {
            return _byHash.ContainsKey(hash);
        }
    }

    /// <summary>The next transactions for a block, from each sender in turn; they are set aside.</summary>
    public IReadOnlyList<Transaction> Take(int maxCount, int maxBytes)
    {
        List<Transaction> taken = [];
        lock (_lock)
        {
            while (taken.Count < maxCount && _turns.First is { } turn)
            {
                var entry = turn.Value.Waiting.First!.Value;
                if (entry.Transaction.Encoded.Length > maxBytes)
                {
                    break;
                }

                maxBytes -= entry.Transaction.Encoded.Length;
                _turns.Remove(turn);
                _turns.AddLast(turn);
                SetAside(entry);
                taken.Add(entry.Transaction);
            }
        }

        return taken;
    }

    /// <summary>Sets aside what a block of another proposer holds, so that it is not packed twice.</summary>
    public void SetAside(IReadOnlyList<Transaction> transactions)
    {
        lock (_lock)
        {
            foreach (var transaction in transactions)
            {
                if (_byHash.TryGetValue(transaction.Hash, out var entry))
                {
                    SetAside(entry);
                }
            }
        }
    }

    /// <summary>Blocks were given up with their view: everything not final waits again, in order of admission.</summary>
    public void ReleaseAll()
    {
        lock (_lock)
        {
            Entry[] all = [.. _byHash.Values.OrderBy(entry => entry.Order)];
            foreach (var entry in all)
            {
                SetAside(entry);
            }

            foreach (var entry in all)
            {
                MakeReady(entry);
            }
        }

        OnReady?.Invoke();
    }

    /// <summary>Final transactions leave.</summary>
    public void Remove(IReadOnlyList<Transaction> final)
    {
        lock (_lock)
        {
            var before = _byHash.Count;
            foreach (var transaction in final)
            {
                _finalised++;
                if (_byHash.Remove(transaction.Hash, out var entry))
                {
                    Forget(entry);
                    OnFinality?.Invoke(clock.GetElapsedTime(entry.AdmittedAt).TotalSeconds);
                }
            }

            TellIfEmptied(before);
        }
    }

    /// <summary>Drops what no block may hold any more.</summary>
    /// <returns>What was dropped.</returns>
    public IReadOnlyList<Transaction> DropExpired(Timestamp now)
    {
        lock (_lock)
        {
            var before = _byHash.Count;
            Entry[] expired = [.. _byHash.Values.Where(entry => entry.Transaction.Body.ValidUntil < now)];
            foreach (var entry in expired)
            {
                _byHash.Remove(entry.Transaction.Hash);
                Forget(entry);
            }

            TellIfEmptied(before);
            return [.. expired.Select(entry => entry.Transaction)];
        }
    }

    /// <summary>
    /// The transactions that a correct primary would have served by now: waiting for longer than
    /// <paramref name="patience"/>, while twice as many as waited before them became final. A mere backlog is not
    /// censorship.
    /// </summary>
    /// <param name="patience">Since admission.</param>
    /// <param name="since">When the current view was entered, as a timestamp of the clock: no primary is blamed for
    /// the time of another.</param>
    public IReadOnlyList<Transaction> Overdue(TimeSpan patience, long since)
    {
        lock (_lock)
        {
            List<Transaction> overdue = [];
            foreach (var entry in _byHash.Values)
            {
                var from = Math.Max(entry.AdmittedAt, since);
                var passedOver = _finalised - entry.FinalisedBefore > 2 * ((ulong)entry.WaitingBefore + 1);
                if (passedOver && clock.GetElapsedTime(from) > patience)
                {
                    overdue.Add(entry.Transaction);
                }
            }

            return overdue;
        }
    }

    /// <summary>Everything that waits, oldest first, up to a limit: for a peer that has just connected.</summary>
    public IReadOnlyList<Transaction> Oldest(int limit)
    {
        lock (_lock)
        {
            return [.. _byHash.Values.OrderBy(entry => entry.Order).Take(limit).Select(entry => entry.Transaction)];
        }
    }

    private AdmitResult Judge(Transaction transaction)
    {
        if (_byHash.ContainsKey(transaction.Hash))
        {
            return AdmitResult.Duplicate;
        }

        if (transaction.Body.ValidUntil < Now())
        {
            return AdmitResult.Expired;
        }

        var size = transaction.Encoded.Length;
        if (_byHash.Count >= limits.MaxTransactions || _bytes + size > limits.MaxBytes)
        {
            return AdmitResult.Full;
        }

        var (count, bytes) = _senders.TryGetValue(transaction.Sender, out var sender)
            ? (sender.Count, sender.Bytes)
            : (0, 0);
        var hasShare = count + 1 <= Math.Max(1, limits.MaxTransactions * limits.SenderShare)
            && bytes + size <= limits.MaxBytes * limits.SenderShare;
        return hasShare ? AdmitResult.Added : AdmitResult.SenderShareFull;
    }

    private void Add(Transaction transaction)
    {
        if (!_senders.TryGetValue(transaction.Sender, out var sender))
        {
            _senders[transaction.Sender] = sender = new(transaction.Sender);
        }

        var entry = new Entry(transaction, sender, clock.GetTimestamp(), ++_admitted, _finalised, _byHash.Count);
        _byHash[transaction.Hash] = entry;
        sender.Count++;
        sender.Bytes += transaction.Encoded.Length;
        _bytes += transaction.Encoded.Length;
        MakeReady(entry);
        if (_byHash.Count == 1)
        {
            OnPending?.Invoke(true);
        }
    }

    private Timestamp Now() => new(clock.GetUtcNow().ToUnixTimeMilliseconds());

    private void MakeReady(Entry entry)
    {
        _ready++;
        entry.Place = entry.Sender.Waiting.AddLast(entry);
        entry.Sender.Turn ??= _turns.AddLast(entry.Sender);
    }

    private void SetAside(Entry entry)
    {
        if (entry.Place is not { } place)
        {
            return;
        }

        _ready--;
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
        var size = entry.Transaction.Encoded.Length;
        _bytes -= size;
        entry.Sender.Bytes -= size;
        if (--entry.Sender.Count == 0)
        {
            _senders.Remove(entry.Sender.Key);
        }
    }

    private void TellIfEmptied(int before)
    {
        if (before > 0 && _byHash.Count == 0)
        {
            OnPending?.Invoke(false);
        }
    }

    private sealed class Entry(
        Transaction transaction, Sender sender, long admittedAt, ulong order, ulong finalisedBefore, int waitingBefore)
    {
        public Transaction Transaction { get; } = transaction;

        public Sender Sender { get; } = sender;

        public long AdmittedAt { get; } = admittedAt;

        public ulong Order { get; } = order;

        public ulong FinalisedBefore { get; } = finalisedBefore;

        public int WaitingBefore { get; } = waitingBefore;

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
