using System.Diagnostics.CodeAnalysis;
using Ledger.Consensus;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>
/// What the simulator must know of a consensus engine to run it: how it is made, encoded, checked and
/// watched.
/// </summary>
internal interface IProtocol
{
    ConsensusMode Mode { get; }

    /// <summary>Whether a network without work says nothing at all.</summary>
    bool FallsSilent { get; }

    /// <summary>
    /// How many bytes a journal may grow to: it is compacted in time, and what stays is little.
    /// </summary>
    long JournalMax { get; }

    /// <summary>An engine for a process that starts on this host.</summary>
    (IEngine Engine, IEngineStatus Status) Make(Host host, Epoch epoch, FinalHead head);

    /// <summary>
    /// What the engine is told when the block of this input has changed the validators, in its order.
    /// </summary>
    IEnumerable<Input> NewsOf(Host host, Epoch epoch, ValidatorHistory members, Input finalised);

    byte[] Encode(Envelope envelope);

    bool TryDecode(
        byte[] bytes, [MaybeNullWhen(false)] out Envelope envelope, [NotNullWhen(false)] out string? fault);

    byte[] EncodeRecord(JournalRecord record);

    JournalRecord? DecodeRecord(byte[] bytes);

    /// <param name="epoch">The one that has begun where the envelope arrives.</param>
    /// <param name="envelope">As decoded.</param>
    /// <param name="connection">Who sent it.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="isLater">It is of an epoch that has not begun there.</param>
    Verified? Check(
        Epoch epoch, Envelope envelope, ValidatorIndex connection, out string reason, out bool isLater);

    CertifiedSegment? CheckSegment(Epoch epoch, IReadOnlyList<Block> blocks, QuorumCertificate certificate);

    /// <summary>Blocks that a journal holds and peers may lack.</summary>
    IEnumerable<Block> BlocksIn(IEnumerable<JournalRecord> records);

    /// <summary>Follows what this host's journal holds, as far as words rest on it.</summary>
    IDurable Follow(Host host);
}

/// <summary>What a journal would give back after a crash right now.</summary>
internal interface IDurable
{
    void Add(IReadOnlyList<JournalRecord> records, bool replaces);

    /// <summary>Whether it holds what this statement rests on.</summary>
    bool Holds(in Statement statement);
}
