using System.Threading.Channels;
using Ledger.Core;
using Ledger.Crypto;
using Prometheus;

namespace Ledger.Node.Mempool;

/// <summary>Why a transaction was not taken in; the snake-case names are metric labels.</summary>
public enum Refusal
{
    None,
    Malformed,
    TooLarge,
    WrongChain,
    Invalid,
    Expired,
    TooFarAhead,
    Duplicate,
    AlreadyFinal,
    NotPermitted,
    BadSignature,
    MempoolFull,
    SenderShareFull,
}

/// <param name="Transaction">The decoded transaction, when it could be decoded.</param>
/// <param name="Refusal"><see cref="Refusal.None"/> when it was admitted.</param>
/// <param name="Words">What is wrong, for people.</param>
public sealed record Admitted(Transaction? Transaction, Refusal Refusal, string Words)
{
    public bool IsAdmitted => Refusal == Refusal.None;
}

/// <summary>
/// The one door for transactions, from clients and from peers alike. Cheap checks first, the signature last,
/// on a bounded number of workers off the consensus loop.
/// </summary>
public sealed class Admission : IAsyncDisposable
{
    private const int QueueMax = 2_000;

    /// <summary>
    /// Transactions that one worker takes at once: enough to be worth waking it, few enough to share out.
    /// </summary>
    private const int JobMax = 16;

    private readonly Genesis _genesis;
    private readonly IFinalState _state;
    private readonly SharedPool _pool;
    private readonly Standing _standing;
    private readonly TimeProvider _clock;
    private readonly Counter _rejected;
    private readonly Counter _verifications;
    private readonly Channel<Job> _queue;
    private readonly Task[] _workers;

    public Admission(
        Genesis genesis, IFinalState state, SharedPool pool, TimeProvider clock, MetricFactory metrics)
    {
        _genesis = genesis;
        _state = state;
        _pool = pool;
        _standing = new(genesis, IsSignedBy);
        _clock = clock;
        _rejected = metrics.CreateCounter(
            "ledger_transactions_rejected_total", "Transactions refused at admission.", "reason");

        // From the start, so that a rate over a reason that has not occurred yet is zero and not absent.
        foreach (var refusal in Enum.GetValues<Refusal>().Where(refusal => refusal != Refusal.None))
        {
            _ = _rejected.WithLabels(LabelOf(refusal));
        }

        _verifications = metrics.CreateCounter(
            "ledger_signature_verifications_total", "Ed25519 signatures checked.");
        _queue = Channel.CreateBounded<Job>(
            new BoundedChannelOptions(QueueMax) { FullMode = BoundedChannelFullMode.Wait });
        _workers = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(WorkAsync))];
    }

    /// <summary>
    /// Checks and takes in encoded transactions; the answers come in the order of the questions.
    /// </summary>
    /// <param name="encoded">As they came.</param>
    /// <param name="isVouched">A peer that is believed has checked their signatures.</param>
    /// <param name="cancellationToken">Whoever asks does not wait any more.</param>
    public async Task<Admitted[]> AdmitAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> encoded, bool isVouched, CancellationToken cancellationToken)
    {
        var answers = new Admitted[encoded.Count];
        var batch = new Batch((encoded.Count + JobMax - 1) / JobMax);
        for (var i = 0; i < encoded.Count; i += JobMax)
        {
            Job job = new(encoded, i, Math.Min(i + JobMax, encoded.Count), isVouched, answers, batch);
            await _queue.Writer.WriteAsync(job, cancellationToken).ConfigureAwait(false);
        }

        batch.Seal();
        await batch.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var answer in answers)
        {
            if (!answer.IsAdmitted)
            {
                CountRefusal(answer.Refusal);
            }
        }

        return answers;
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await Task.WhenAll(_workers).ConfigureAwait(false);
    }

    /// <summary>
    /// Those of a block's transactions whose signature does not hold. What admission has checked is not
    /// checked again; the rest is, on all cores.
    /// </summary>
    public IReadOnlySet<Transaction> BadlySigned(IReadOnlyList<Transaction> transactions)
    {
        HashSet<Transaction> bad = new(ReferenceEqualityComparer.Instance);
        var unknown = _pool.Unknown(transactions);
        if (unknown.Count == 0)
        {
            return bad;
        }

        _verifications.Inc(unknown.Count);
        var valid = new bool[unknown.Count];
        Parallel.For(0, valid.Length, i => valid[i] = unknown[i].SignatureIsValid());
        for (var i = 0; i < valid.Length; i++)
        {
            if (!valid[i])
            {
                bad.Add(unknown[i]);
            }
        }

        return bad;
    }

    public void CountRefusal(Refusal refusal) => _rejected.WithLabels(LabelOf(refusal)).Inc();

    public static string LabelOf(Refusal refusal)
        => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(refusal.ToString());

    private async Task WorkAsync()
    {
        await foreach (var job in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                for (var i = job.From; i < job.To; i++)
                {
                    job.Answers[i] = Admit(job.Encoded[i], job.IsVouched);
                }

                job.Batch.CountDown();
            }
            catch (Exception exception)
            {
                // Whoever asked is told, since it waits for an answer; a worker that died here would leave
                // it, and all who ask after it, waiting.
                job.Batch.Fail(exception);
            }
        }
    }

    private Admitted Admit(ReadOnlyMemory<byte> encoded, bool isVouched)
    {
        if (encoded.Length > Limits.TransactionBytes)
        {
            return new(null, Refusal.TooLarge, $"a transaction is at most {Limits.TransactionBytes} bytes");
        }

        if (!Transaction.TryDecode(encoded, out var transaction, out var fault))
        {
            return new(null, Refusal.Malformed, fault);
        }

        if (transaction.Body.ChainId != _genesis.ChainId)
        {
            return new(
                transaction, Refusal.WrongChain,
                $"it is for chain '{transaction.Body.ChainId}', this is '{_genesis.ChainId}'");
        }

        if (TransactionRules.FaultIn(transaction.Body, _genesis.ChainId) is { } broken)
        {
            return new(transaction, Refusal.Invalid, broken);
        }

        return AdmitAgainstState(transaction, isVouched);
    }

    private Admitted AdmitAgainstState(Transaction transaction, bool isVouched)
    {
        var now = new Timestamp(_clock.GetUtcNow().ToUnixTimeMilliseconds());
        if (TransactionRules.FaultAt(transaction.Body, now) is { } late)
        {
            var isPast = transaction.Body.ValidUntil < now;
            return new(transaction, isPast ? Refusal.Expired : Refusal.TooFarAhead, late);
        }

        // Before the signature, so that a flood that finds no room costs next to nothing.
        var verdict = _pool.Judge(transaction);
        if (verdict == AdmitResult.Duplicate)
        {
            return AnswerTo(verdict, transaction);
        }

        var seen = _pool.Finalised;
        if (verdict == AdmitResult.AlreadyFinal || _state.HoldsTransaction(transaction.Hash))
        {
            return AnswerTo(AdmitResult.AlreadyFinal, transaction);
        }

        if (ForbiddenOperation(transaction) is { } forbidden)
        {
            return new(transaction, Refusal.NotPermitted, forbidden);
        }

        if (verdict != AdmitResult.Added)
        {
            return AnswerTo(verdict, transaction);
        }

        if (!isVouched)
        {
            _verifications.Inc();
            if (!transaction.SignatureIsValid())
            {
                return new(
                    transaction, Refusal.BadSignature, "its signature is not valid for its sender and body");
            }
        }

        return AnswerTo(AddUnlessFinal(transaction, seen), transaction);
    }

    /// <summary>
    /// The transaction may have become final since the store was asked. The pool remembers the last of those;
    /// after a pause so long that it may have forgotten, the store is asked again.
    /// </summary>
    private AdmitResult AddUnlessFinal(Transaction transaction, ulong seen)
    {
        var result = _pool.TryAdd(transaction);
        if (result == AdmitResult.Added && _pool.Finalised - seen > TransactionPool.RecentMax
            && _state.HoldsTransaction(transaction.Hash))
        {
            _pool.Remove([transaction]);
            return AdmitResult.AlreadyFinal;
        }

        return result;
    }

    private static Admitted AnswerTo(AdmitResult result, Transaction transaction) => result switch
    {
        AdmitResult.Added => new(transaction, Refusal.None, ""),
        AdmitResult.Duplicate => new(transaction, Refusal.Duplicate, "it is waiting already"),
        AdmitResult.SenderShareFull => new(
            transaction, Refusal.SenderShareFull, "this sender's share of the mempool is full"),
        AdmitResult.Expired => new(transaction, Refusal.Expired, "it has expired"),
        AdmitResult.AlreadyFinal => new(transaction, Refusal.AlreadyFinal, "it is final already"),
        _ => new(transaction, Refusal.MempoolFull, "the mempool is full"),
    };

    /// <summary>
    /// Asks the final state, so that a client is told at once; execution asks again, and that counts.
    /// </summary>
    private string? ForbiddenOperation(Transaction transaction)
    {
        var operations = transaction.Body.Operations;
        var sender = transaction.Sender;
        for (var i = 0; i < operations.Count; i++)
        {
            if (_standing.FaultIn(sender, operations[i], key => _state.ReadState(key)) is { } fault)
            {
                return $"operation {i}: {fault}";
            }
        }

        return null;
    }

    private bool IsSignedBy(in PublicKey validator, in Statement statement, in Signature signature)
    {
        _verifications.Inc();
        return Statement.IsSignedBy(validator, statement, signature);
    }

    private readonly record struct Job(
        IReadOnlyList<ReadOnlyMemory<byte>> Encoded, int From, int To, bool IsVouched, Admitted[] Answers,
        Batch Batch);

    /// <summary>Counts a batch's open jobs, and one more until all were handed out.</summary>
    private sealed class Batch(int count)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _open = count + 1;

        public Task Done => _done.Task;

        public void CountDown()
        {
            if (Interlocked.Decrement(ref _open) == 0)
            {
                _done.TrySetResult();
            }
        }

        public void Fail(Exception exception) => _done.TrySetException(exception);

        public void Seal() => CountDown();
    }
}
