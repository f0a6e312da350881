using Ledger.Core;

namespace Ledger.Node.Transport;

/// <summary>What a frame carries; the numbers are part of the protocol.</summary>
public enum FrameKind : byte
{
    Consensus = 1,
    Transactions = 2,
    Request = 3,
    Response = 4,
    Ping = 5,
    Pong = 6,
    Evidence = 7,

    /// <summary>A question about snapshots or for a piece of one.</summary>
    SnapshotRequest = 8,
    SnapshotResponse = 9,

    /// <summary>Who the members are, for a witness, which has no ledger to read it from.</summary>
    Members = 10,

    Hello = 16,
    Proof = 17,
    Accepted = 18,
    Refused = 19,
}

/// <summary>
/// Before both sides have proved who they are only greetings are read, afterwards never again.
/// </summary>
internal enum FramePhase
{
    Handshake,
    Established,
}

/// <summary>
/// The most bytes that a frame of each kind may carry, checked before anything is allocated.
/// </summary>
public static class FrameLimits
{
    /// <summary>A block and what travels with it: views, signatures, certificates.</summary>
    public const int ConsensusBytes = Limits.BlockBytes + (64 * 1024);

    public const int TransactionsBytes = 1024 * 1024;

    public const int RequestBytes = 256;

    /// <summary>A block of full size and its certificate.</summary>
    public const int ResponseBytes = Limits.BlockBytes + (256 * 1024);

    /// <summary>A chunk of full size and what stands around it.</summary>
    public const int SnapshotResponseBytes = SnapshotLimits.ChunkBytesMax + 1024;

    /// <summary>Every seat that there can be, and tens of thousands of changes.</summary>
    public const int MembersBytes = 1024 * 1024;

    public const int PingBytes = sizeof(ulong);

    public const int EvidenceBytes = Evidence.BytesMax;

    public const int GreetingBytes = 512;

    /// <returns>The limit, or null when no such frame may come in this phase.</returns>
    internal static int? Of(FrameKind kind, FramePhase phase) => (kind, phase) switch
    {
        (FrameKind.Consensus, FramePhase.Established) => ConsensusBytes,
        (FrameKind.Transactions, FramePhase.Established) => TransactionsBytes,
        (FrameKind.Request, FramePhase.Established) => RequestBytes,
        (FrameKind.Response, FramePhase.Established) => ResponseBytes,
        (FrameKind.SnapshotRequest, FramePhase.Established) => RequestBytes,
        (FrameKind.SnapshotResponse, FramePhase.Established) => SnapshotResponseBytes,
        (FrameKind.Members, FramePhase.Established) => MembersBytes,
        (FrameKind.Ping or FrameKind.Pong, FramePhase.Established) => PingBytes,
        (FrameKind.Evidence, FramePhase.Established) => EvidenceBytes,
        (FrameKind.Hello or FrameKind.Proof or FrameKind.Accepted or FrameKind.Refused, FramePhase.Handshake)
            => GreetingBytes,
        _ => null,
    };
}
