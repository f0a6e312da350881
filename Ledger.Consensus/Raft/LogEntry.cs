using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Raft;

/// <summary>A block without its body.</summary>
public readonly record struct BlockId(Height Height, Digest Hash)
{
    public override string ToString() => $"h{Height} {Hash.ToShortString()}";
}

/// <summary>One entry of the log: a ledger block, or what only the log needs. A closed family.</summary>
/// <param name="Term">Of the leader that made it.</param>
/// <param name="Index">Its place; the first is 1.</param>
public abstract record LogEntry(Term Term, LogIndex Index)
{
    /// <summary>What an entry costs beside its block, roughly.</summary>
    public const int FrameBytes = 256;

    /// <summary>About how long it is on the wire and on disk.</summary>
    public virtual int Bytes => FrameBytes;
}

/// <summary>A block at the height after the last block's.</summary>
/// <param name="Term">Of the leader that made it.</param>
/// <param name="Index">Its place.</param>
/// <param name="Id">Which block.</param>
/// <param name="Body">Null in the log of a witness, and on the way to one.</param>
public sealed record BlockEntry(Term Term, LogIndex Index, BlockId Id, Block? Body) : LogEntry(Term, Index)
{
    public BlockEntry(Term term, LogIndex index, Block block)
        : this(term, index, new(block.Height, block.Hash), block)
    {
    }

    public override int Bytes => FrameBytes + (Body?.Encoded.Length ?? 0);

    public BlockEntry WithoutBody() => this with { Body = null };

    public override string ToString() => $"#{Index}/t{Term} {Id}";
}

/// <summary>A new leader's first entry: once it is committed, so is everything before it (Raft §8).</summary>
public sealed record NoOpEntry(Term Term, LogIndex Index) : LogEntry(Term, Index)
{
    public override string ToString() => $"#{Index}/t{Term} no-op";
}

/// <summary>Who the members are from this entry on.</summary>
/// <param name="Term">Of the leader that made it.</param>
/// <param name="Index">Its place.</param>
/// <param name="Configuration">In force as soon as it is stored (Raft §6).</param>
/// <param name="Certificate">
/// The certificate of the last block below, in an entry that lets the old voters go: after it nobody may ask
/// them again.
/// </param>
public sealed record ConfigurationEntry(
    Term Term, LogIndex Index, RaftConfiguration Configuration, QuorumCertificate? Certificate)
        : LogEntry(Term, Index)
{
    public override int Bytes
        => FrameBytes + (4 * Configuration.Members.Count) + (80 * (Certificate?.Signers.Count ?? 0));

    public override string ToString() => $"#{Index}/t{Term} {Configuration}";
}

/// <summary>What stands for everything up to an index that the log no longer holds (Raft §7).</summary>
/// <param name="Index">The last entry it stands for.</param>
/// <param name="Term">That entry's term.</param>
/// <param name="Block">The last block at or below it.</param>
/// <param name="Configuration">The one in force there.</param>
public sealed record SnapshotMark(LogIndex Index, Term Term, BlockId Block, RaftConfiguration Configuration)
{
    public override string ToString() => $"#{Index}/t{Term} {Block}";
}
