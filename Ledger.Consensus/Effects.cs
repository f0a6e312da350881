using Ledger.Consensus.Flight;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus;

/// <summary>
/// A record that safety rests on. State that must survive a crash changes only by folding one.
/// </summary>
public abstract record JournalRecord;

/// <summary>
/// Blocks that became final together, ascending, and the commit certificates known for them.
/// </summary>
/// <param name="Blocks">At least one.</param>
/// <param name="Certificates">Ascending by height; the last certifies the last block.</param>
public sealed record Decision(IReadOnlyList<Block> Blocks, IReadOnlyList<QuorumCertificate> Certificates);

/// <summary>A promise and the record it rests on.</summary>
public readonly record struct Outgoing(PromiseMessage Message, Recipients To);

/// <summary>
/// What shall follow from a turn. Engines write it; only <see cref="Replica"/> reads it, in the one order
/// that is safe: hints, then all records with one synced write, then promises, then the rest.
/// </summary>
public sealed class Effects
{
    internal List<JournalRecord> Records { get; } = [];

    internal List<Outgoing> Promises { get; } = [];

    internal List<(Verified Said, Recipients To)> Repeats { get; } = [];

    internal List<(HintMessage Message, Recipients To)> Hints { get; } = [];

    internal List<Effect> Requests { get; } = [];

    /// <summary>
    /// What the journal shall hold instead of all before, with the records added since; null: nothing.
    /// </summary>
    internal List<JournalRecord>? Compaction { get; private set; }

    /// <summary>Says <paramref name="message"/> once <paramref name="record"/> is durable.</summary>
    public void Promise(JournalRecord record, PromiseMessage message, Recipients to)
    {
        Persist(record);
        Promises.Add(new(message, to));
    }

    /// <summary>Makes a record durable before anything of this turn is said.</summary>
    public void Persist(JournalRecord record)
    {
        Records.Add(record);
        Compaction?.Add(record);
    }

    /// <summary>Says what binds nobody.</summary>
    public void Hint(HintMessage message, Recipients to) => Hints.Add((message, to));

    /// <summary>Says again what this replica has said before: it is durable, since it was said.</summary>
    public void Repeat(Verified said, Recipients to) => Repeats.Add((said, to));

    /// <summary>
    /// Replaces the journal by <paramref name="records"/>, which alone rebuild the state as of this step.
    /// </summary>
    public void Compact(IEnumerable<JournalRecord> records) => Compaction = [.. records];

    public void Decide(Decision decision) => Requests.Add(new Effect.Decide(decision));

    public void SetTimer(EngineTimer timer, TimeSpan after)
        => Requests.Add(new Effect.SetTimer(timer, after));

    public void RequestProposal(ProposalRequest request) => Requests.Add(new Effect.RequestProposal(request));

    /// <summary>
    /// Asks whether a block is valid on its parent; the answer is <see cref="Input.Judged"/>.
    /// </summary>
    /// <param name="block">Its parent is final, or was asked about before.</param>
    /// <param name="isVouched">It was found valid when it was new, by a quorum or by this replica before a
    /// restart: its time may lie far back by now.</param>
    public void ValidateBlock(Block block, bool isVouched)
        => Requests.Add(new Effect.ValidateBlock(block, isVouched));

    /// <summary>Asks the peers for a block; the answer is <see cref="Input.Fetched"/>.</summary>
    public void FetchBlock(Digest hash, Height height) => Requests.Add(new Effect.FetchBlock(hash, height));

    /// <summary>A peer is ahead beyond the window; the answer is <see cref="Input.Synced"/>.</summary>
    public void CatchUp(Height target, ValidatorIndex from) => Requests.Add(new Effect.CatchUp(target, from));

    /// <summary>A linearizable read may be served from the state at this height or any later one.</summary>
    public void ReadReady(ulong id, Height height) => Requests.Add(new Effect.ReadReady(id, height));

    public void ReadRefused(ulong id, Refusal reason) => Requests.Add(new Effect.ReadRefused(id, reason));

    /// <summary>
    /// Asks the world to bring the state here to at least this height, by blocks or by a snapshot; the
    /// answers are <see cref="Input.SnapshotReceived"/> and <see cref="Input.SnapshotInstalled"/>, or
    /// <see cref="Input.Synced"/>.
    /// </summary>
    public void InstallSnapshot(Height height, Digest block, ValidatorIndex from, ulong offset)
        => Requests.Add(new Effect.InstallSnapshot(height, block, from, offset));

    public void Note(Notice notice) => Requests.Add(new Effect.Note(notice));

    /// <summary>What was written down so far, to keep.</summary>
    internal TurnEffects Copy() => new(
        [.. Hints], [.. Repeats], [.. Records], Compaction?.ToArray(), [.. Promises], [.. Requests]);

    internal void Clear()
    {
        Records.Clear();
        Promises.Clear();
        Repeats.Clear();
        Hints.Clear();
        Requests.Clear();
        Compaction = null;
    }
}

/// <summary>What a replica asks of the world around it, beside speaking. A closed family.</summary>
public abstract record Effect
{
    private Effect()
    {
    }

    public sealed record Decide(Decision Decision) : Effect;

    public sealed record SetTimer(EngineTimer Timer, TimeSpan After) : Effect;

    public sealed record RequestProposal(ProposalRequest Request) : Effect;

    public sealed record ValidateBlock(Block Block, bool IsVouched) : Effect;

    public sealed record FetchBlock(Digest Hash, Height Height) : Effect;

    public sealed record CatchUp(Height Target, ValidatorIndex From) : Effect;

    public sealed record ReadReady(ulong Id, Height Height) : Effect;

    public sealed record ReadRefused(ulong Id, Refusal Reason) : Effect;

    /// <param name="Height">At least this high.</param>
    /// <param name="Block">The final block at that height.</param>
    /// <param name="From">Who is known to have it.</param>
    /// <param name="Offset">How many bytes of this snapshot are here already.</param>
    public sealed record InstallSnapshot(Height Height, Digest Block, ValidatorIndex From, ulong Offset)
        : Effect;

    public sealed record Note(Notice Notice) : Effect;
}
