using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// What travels between hosts. A closed family, named like the frames of the node's transport.
/// </summary>
internal abstract record Parcel
{
    private Parcel()
    {
    }

    /// <summary>An encoded envelope: encoded once by who says it, decoded by each who hears it.</summary>
    public sealed record Consensus(byte[] Bytes) : Parcel;

    public sealed record Transactions(IReadOnlyList<ReadOnlyMemory<byte>> Encoded) : Parcel;

    /// <summary>Proof of a double vote, encoded.</summary>
    public sealed record Evidence(byte[] Bytes) : Parcel;

    /// <param name="Id">Chosen by who asks.</param>
    /// <param name="Hash">Set when one block is asked for; otherwise a range.</param>
    /// <param name="From">The first height of the range.</param>
    public sealed record Question(ulong Id, Digest? Hash, Height From) : Parcel;

    public sealed record Answer(
        ulong Id, IReadOnlyList<ReadOnlyMemory<byte>> Blocks, IReadOnlyList<QuorumCertificate> Certificates)
            : Parcel;
}
