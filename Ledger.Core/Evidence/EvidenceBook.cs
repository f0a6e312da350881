using System.Diagnostics.CodeAnalysis;
using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// The evidence that one validator holds and the ledger does not: what comes in, when it is reported, when it
/// is let go. Bounded, so that a liar who lies all day costs its watchers little. Pure: storage, network and
/// clock are the owner's.
/// </summary>
/// <param name="validatorsAt">Who certifies the block of a height, as far as is known here: whose offences
/// are kept.</param>
/// <param name="self">Whose book it is, now.</param>
public sealed class EvidenceBook(Func<Height, ValidatorSet> validatorsAt, Func<ValidatorIndex> self)
{
    /// <summary>
    /// Proofs that are kept of one validator: one suffices, the rest shows that it was no accident.
    /// </summary>
    public const int PerValidatorMax = 16;

    /// <summary>
    /// Who has an offence on the ledger is not reported again for this many blocks: a report makes a block,
    /// and in that block it may lie again.
    /// </summary>
    public const ulong QuietBlocks = 1000;

    /// <summary>
    /// Validators report in turn: the first one's report is on the ledger before the next one's time.
    /// </summary>
    public static readonly TimeSpan Turn = TimeSpan.FromSeconds(5);

    private readonly SortedDictionary<byte[], Held> _held = new(ByteOrder.Instance);

    /// <summary>Where the validators never change.</summary>
    public EvidenceBook(ValidatorSet validators, ValidatorIndex self)
        : this(_ => validators, () => self)
    {
    }

    public int Count => _held.Count;

    /// <summary>Everything held, in the order of its state keys.</summary>
    public IEnumerable<Evidence> All => _held.Values.Select(held => held.Evidence);

    /// <summary>Whether a proof is new here and has room: asked before its signatures are checked.</summary>
    public bool Wants(Evidence evidence, Height head)
    {
        if (Evidence.FaultIn(evidence) is not null || SeatOf(evidence.Offence) is null
            || IsTooOld(evidence.Offence, head) || _held.ContainsKey(StateKey.ForOffence(evidence.Offence)))
        {
            return false;
        }

        if (!IsFull(evidence.Offence.Validator, out var last))
        {
            return true;
        }

        // By half, and not by one: each is written, spread and written again elsewhere, and a liar that comes
        // nearer height by height would keep everybody busy for ever.
        var (ahead, lastAhead) = (Ahead(evidence.Offence, head), Ahead(last.Offence, head));
        return ahead < lastAhead && ahead <= lastAhead / 2;
    }

    /// <summary>Takes in a proof that was wanted and whose signatures hold.</summary>
    /// <param name="evidence">The proof.</param>
    /// <param name="now">A clock that only runs forward.</param>
    /// <returns>
    /// The proof that had to give way, if any: the one of the greatest height, or a liar could fill its page
    /// with votes for heights that never come.
    /// </returns>
    public Evidence? Add(Evidence evidence, TimeSpan now)
    {
        Evidence? gone = null;
        if (IsFull(evidence.Offence.Validator, out var last))
        {
            gone = last;
            _held.Remove(StateKey.ForOffence(last.Offence));
        }

        _held[StateKey.ForOffence(evidence.Offence)] = new(evidence, now);
        return gone;
    }

    /// <summary>Lets go of what is on the ledger by now, or can no longer get there.</summary>
    /// <param name="head">The last final height.</param>
    /// <param name="read">The final state.</param>
    public IReadOnlyList<Evidence> Settle(Height head, Func<byte[], byte[]?> read)
    {
        List<Evidence> gone = [];
        foreach (var (key, held) in _held)
        {
            var offence = held.Evidence.Offence;
            if (IsTooOld(offence, head) || read(key) is not null || SeatOf(offence) is null)
            {
                gone.Add(held.Evidence);
            }
        }

        foreach (var evidence in gone)
        {
            _held.Remove(StateKey.ForOffence(evidence.Offence));
        }

        return gone;
    }

    /// <summary>
    /// Whether something is held that should be on the ledger by now, whose turn ever it is.
    /// </summary>
    public bool Owes(Height head, Func<byte[], byte[]?> read)
    {
        foreach (var (key, held) in _held)
        {
            if (IsReportable(held.Evidence.Offence, head, read) && read(key) is null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What this validator should report now: at most one proof against each, in its turn.</summary>
    /// <param name="head">The last final height: the block after it is the first that may hold a
    /// report.</param>
    /// <param name="now">As given to <see cref="Add"/>.</param>
    /// <param name="read">The final state.</param>
    public IReadOnlyList<Evidence> Due(Height head, TimeSpan now, Func<byte[], byte[]?> read)
    {
        List<Evidence> due = [];
        var validators = validatorsAt(head.Next);
        foreach (var held in _held.Values)
        {
            var offence = held.Evidence.Offence;
            if (IsReportable(offence, head, read)
                && now >= held.Since + (Turn * TurnOf(offence, validators)) && now >= held.AskAgain
                && !due.Exists(other => other.Offence.Validator == offence.Validator))
            {
                due.Add(held.Evidence);
                held.AskAgain = now + (Turn * validators.Count);
            }
        }

        return due;
    }

    private static bool IsReportable(Offence offence, Height head, Func<byte[], byte[]?> read)
        => offence.Height <= head && !IsTooOld(offence, head) && !IsQuiet(offence.Validator, head, read);

    private bool IsFull(PublicKey validator, [NotNullWhen(true)] out Evidence? last)
    {
        var count = 0;
        last = null;
        foreach (var held in _held.Values)
        {
            if (held.Evidence.Offence.Validator == validator)
            {
                count++;
                last = last is null || held.Evidence.Offence.Height > last.Offence.Height
                    ? held.Evidence : last;
            }
        }

        return count >= PerValidatorMax && last is not null;
    }

    /// <summary>
    /// Who stands right behind the offender reports at once, the next one a turn later, itself never first.
    /// </summary>
    private int TurnOf(Offence offence, ValidatorSet validators)
    {
        var offender = SeatOf(offence)?.Value ?? 0;
        var behind = Behind(self());
        return validators.Contains(self())
            ? validators.Indices.Count(other => Behind(other) < behind)
            : validators.Count;

        int Behind(ValidatorIndex seat) => (seat.Value - offender - 1 + validators.Seats) % validators.Seats;
    }

    private ValidatorIndex? SeatOf(Offence offence)
        => validatorsAt(offence.Height).IndexOf(offence.Validator);

    private static bool IsQuiet(PublicKey offender, Height head, Func<byte[], byte[]?> read)
        => read(StateKey.ForOffender(offender)) is { } bytes
            && OffenderEntry.Decode(bytes).RecordedAt.Value + QuietBlocks > head.Value;

    private static ulong Ahead(Offence offence, Height head)
        => offence.Height > head ? offence.Height.Value - head.Value : 0;

    private static bool IsTooOld(Offence offence, Height head)
        => head.Value >= offence.Height.Value && head.Value - offence.Height.Value >= Limits.EvidenceBlocks;

    private sealed class Held(Evidence evidence, TimeSpan since)
    {
        public Evidence Evidence { get; } = evidence;

        public TimeSpan Since { get; } = since;

        /// <summary>A report that is lost on its way is made again.</summary>
        public TimeSpan AskAgain { get; set; }
    }

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
