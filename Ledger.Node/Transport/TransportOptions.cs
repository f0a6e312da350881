using System.Net;
using Ledger.Core;

namespace Ledger.Node.Transport;

/// <summary>Where a validator listens; the host is a name, an IPv4 or an IPv6 address.</summary>
public sealed record PeerEndpoint(ValidatorIndex Validator, string Host, int Port)
{
    public override string ToString()
        => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>Where the transport listens, whom it dials, and how patient and how generous it is.</summary>
public sealed record TransportOptions
{
    /// <summary>Port 0 takes any free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>
    /// The other validators; one that is missing here is dialled where the ledger says, and may dial us.
    /// </summary>
    public required IReadOnlyList<PeerEndpoint> Peers { get; init; }

    /// <summary>
    /// For name look-up and connecting together, and again for the handshake: what is half-open ends here.
    /// </summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public int HandshakesMax { get; init; } = 32;

    public int HandshakesPerAddressMax { get; init; } = 16;

    public TimeSpan RedialMin { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan RedialMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often a connection is pinged: that tells a dead one from a silent one, and how far away it is.
    /// </summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A connection that neither says nor takes anything for this long is dead.</summary>
    public TimeSpan SilenceMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection that a newer one would replace must answer a ping within this.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a hostile peer is kept out the first time; doubles with every further time.
    /// </summary>
    public TimeSpan PenaltyMin { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan PenaltyMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long one who is no validator any more keeps its connection: time enough to learn it.
    /// </summary>
    public TimeSpan RetireAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Frames that may wait for one peer, in each lane.</summary>
    public int QueueFramesMax { get; init; } = 8192;

    /// <summary>Bytes of consensus frames that may wait for one peer.</summary>
    public long QueueConsensusBytesMax { get; init; } = 48 * 1024 * 1024;

    /// <summary>Bytes of transactions and answers that may wait for one peer.</summary>
    public long QueueBulkBytesMax { get; init; } = 16 * 1024 * 1024;
}
