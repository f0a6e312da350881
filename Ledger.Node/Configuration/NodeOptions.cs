using System.Net;
using Ledger.Consensus.Pbft;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Node.Consensus;

namespace Ledger.Node.Configuration;

/// <summary>
/// Everything that one node can be told; what the network must agree on is in the genesis instead.
/// </summary>
public sealed record NodeOptions
{
    public required string GenesisFile { get; init; }

    public required string KeyFile { get; init; }

    /// <summary>A file whose first line unlocks the key; null for a key that is not encrypted.</summary>
    public string? PassphraseFile { get; init; }

    public required string DataDir { get; init; }

    public required IPEndPoint PeerListen { get; init; }

    /// <summary>Validator name to host and port.</summary>
    public required IReadOnlyDictionary<string, (string Host, int Port)> PeerEndpoints { get; init; }

    /// <summary>
    /// Whether this node may start with a key that is no validator's yet, to follow the chain until it is.
    /// </summary>
    public bool Joins { get; init; }

    /// <summary>Whether it is to become a witness, and so follows no chain until then.</summary>
    public bool JoinsAsWitness { get; init; }

    public required IPEndPoint HttpListen { get; init; }

    public required long HttpMaxBodyBytes { get; init; }

    public required IPEndPoint AdminListen { get; init; }

    public required PbftOptions Pbft { get; init; }

    public required RaftOptions Raft { get; init; }

    public required ProposalOptions Proposal { get; init; }

    /// <summary>
    /// How long a transaction may be passed over before its primary is suspected of censorship.
    /// </summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>MiB on disk for the engine's last turns; 0: none are kept.</summary>
    public required int FlightRecorderMiB { get; init; }

    public required MempoolLimits Mempool { get; init; }

    public required int CacheMiB { get; init; }

    /// <summary>A snapshot is kept of each block whose height this divides; 0 for none.</summary>
    public required ulong SnapshotEveryBlocks { get; init; }

    /// <summary>How many blocks' bodies are kept at least; 0 for all.</summary>
    public required ulong RetentionBlocks { get; init; }

    /// <summary>
    /// Whether this node may begin from a peer's snapshot; otherwise it fetches every block.
    /// </summary>
    public required bool TakesSnapshots { get; init; }

    /// <summary>The collector of spans, null for none.</summary>
    public Uri? TraceEndpoint { get; init; }

    /// <summary>Of blocks, and of requests that bring no decision of their own.</summary>
    public int TraceSamplePerMille { get; init; }

    /// <summary>"json" or "console".</summary>
    public required string LogFormat { get; init; }

    public required string LogLevel { get; init; }

    /// <summary>Every value with where it came from, for <c>ledger config show --origin</c>.</summary>
    public required IReadOnlyList<ConfiguredValue> Values { get; init; }
}

/// <param name="Path">Such as <c>consensus.viewTimeoutMs</c>.</param>
/// <param name="Value">As text.</param>
/// <param name="Origin">"default", "file", "environment" or "flag".</param>
public sealed record ConfiguredValue(string Path, string Value, string Origin);

/// <summary>
/// A configuration that cannot be used: all its faults at once. The process ends with code 78.
/// </summary>
public sealed class ConfigurationException(IReadOnlyList<string> faults)
    : Exception("the configuration is not valid:\n  " + string.Join("\n  ", faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
