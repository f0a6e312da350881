using Ledger.Cli.Shell;
using Ledger.Core;

namespace Ledger.Cli.Network;

/// <summary>Where one validator listens. Admin is on loopback only, wherever the rest is.</summary>
internal sealed record ValidatorPlan(
    string Name, string Host, string ListenHost, int HttpPort, int AdminPort, int PeerPort)
{
    public Uri HttpUrl => new($"http://{Host}:{HttpPort}");

    public Uri AdminUrl => new($"http://127.0.0.1:{AdminPort}");

    public string PeerAddress => $"{Host}:{PeerPort}";
}

/// <summary>A network before any file of it exists: who takes part, where, and in which mode.</summary>
internal sealed record NetworkPlan(
    string ChainId, ConsensusMode Mode, IReadOnlyList<ValidatorPlan> Validators)
{
    public const int DefaultHttpPort = 8080;

    private const int DefaultPeerPort = 7000;
    private const int PortsPerValidator = 10;
    private const int PortMax = 65535;

    /// <summary>What follows for a validator that is proven to vote twice.</summary>
    public EvidencePolicy Evidence { get; init; }

    /// <summary>Raft: how many of the validators, the last ones, vote and keep no blocks.</summary>
    public int Witnesses { get; init; }

    /// <summary>
    /// All on this machine, each validator 10 ports above the one before. Peer ports move along with the HTTP
    /// ports, so that two devnets with base ports far enough apart share nothing.
    /// </summary>
    public static NetworkPlan OnThisMachine(string chainId, ConsensusMode mode, int count, int basePort)
    {
        var peerBase = DefaultPeerPort + basePort - DefaultHttpPort;
        var last = (PortsPerValidator * (count - 1)) + 1;
        if (peerBase < 1 || Math.Max(basePort, peerBase) + last > PortMax)
        {
            throw new CliException(
                $"{count} validators from port {basePort} do not fit between ports 1 and {PortMax}",
                $"choose --base-port between {DefaultHttpPort - DefaultPeerPort + 1} and {PortMax - last}",
                ExitCode.Usage);
        }

        return new(chainId, mode, [.. Enumerable.Range(0, count).Select(Member)]);

        ValidatorPlan Member(int i) => new(
            NameOf(i), "127.0.0.1", "127.0.0.1", basePort + (PortsPerValidator * i),
            basePort + 1 + (PortsPerValidator * i), peerBase + (PortsPerValidator * i));
    }

    /// <summary>One host each, all on the default ports: containers or machines.</summary>
    public static NetworkPlan OnHosts(string chainId, ConsensusMode mode, IReadOnlyList<string> hosts)
        => new(chainId, mode, [.. hosts.Select((host, i) => new ValidatorPlan(
            NameOf(i), host, "0.0.0.0", DefaultHttpPort, DefaultHttpPort + 1, DefaultPeerPort))]);

    public bool IsWitness(int index) => index >= Validators.Count - Witnesses;

    /// <summary>Every port that must be free before the validators start.</summary>
    public IEnumerable<(ValidatorPlan Validator, int Port)> Ports()
        => Validators.SelectMany(v => new[] { (v, v.HttpPort), (v, v.AdminPort), (v, v.PeerPort) });

    private static string NameOf(int index) => $"validator-{index + 1}";
}
