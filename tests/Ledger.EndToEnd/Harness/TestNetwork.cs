using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// A network of real validators on loopback, in a temporary folder and on free ports. When it is disposed its
/// processes are gone, and its folder too.
/// </summary>
internal sealed class TestNetwork : IDisposable
{
    /// <summary>A setting for a test that waits for a height, which a load reaches sooner then.</summary>
    public const string BlocksOfOne = "consensus.maxBlockTransactions=1";

    private const int PortsPerNode = 10;

    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-e2e-").FullName;

    private readonly ConsensusMode _mode;
    private readonly EvidencePolicy _evidence;
    private readonly int _witnesses;

    private TestNetwork(
        int validators, ConsensusMode mode, EvidencePolicy evidence = EvidencePolicy.Record,
        int witnesses = 0)
    {
        _witnesses = witnesses;
        _mode = mode;
        _evidence = evidence;
        var port = Ports.FreeBlock(PortsPerNode * validators);
        Nodes =
        [
            .. Enumerable.Range(0, validators).Select(
                i => NewNode($"validator-{i + 1}", SigningKey.Generate(), port + (PortsPerNode * i))),
        ];
        KeyFile.Create(AdminKeyPath, Admin, passphrase: null);
        Genesis = GenesisAt(new(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        foreach (var node in Nodes)
        {
            File.WriteAllText(node.GenesisPath, GenesisFile.Write(Genesis));
            node.WriteConfig(Nodes.Where(other => other != node));
        }
    }

    /// <summary>May do everything on this chain.</summary>
    public SigningKey Admin { get; } = SigningKey.Generate();

    public string AdminKeyPath => Path.Combine(_folder, "admin.key.json");

    public Genesis Genesis { get; }

    public IReadOnlyList<TestNode> Nodes { get; }

    /// <summary>Files only; nothing runs.</summary>
    public static TestNetwork Create(int validators, ConsensusMode mode = ConsensusMode.Pbft)
        => new(validators, mode);

    /// <summary>All are ready when this returns.</summary>
    public static Task<TestNetwork> StartAsync(int validators = 4, params string[] settings)
        => ReadyAsync(new(validators, ConsensusMode.Pbft), settings);

    /// <summary>All are ready when this returns.</summary>
    public static Task<TestNetwork> StartAsync(ConsensusMode mode, int validators)
        => ReadyAsync(new(validators, mode), []);

    /// <summary>All are ready when this returns.</summary>
    public static Task<TestNetwork> StartAsync(EvidencePolicy evidence)
        => ReadyAsync(new(validators: 4, ConsensusMode.Pbft, evidence), []);

    /// <summary>All are ready when this returns, and one of them leads.</summary>
    public static Task<TestNetwork> StartRaftAsync(int validators = 3, params string[] settings)
        => ReadyAsync(new(validators, ConsensusMode.Raft), settings);

    /// <summary>Raft; the last ones are witnesses. All are ready when this returns.</summary>
    public static Task<TestNetwork> StartWithWitnessesAsync(int validators, int witnesses)
        => ReadyAsync(new(validators, ConsensusMode.Raft, witnesses: witnesses), []);

    private static async Task<TestNetwork> ReadyAsync(TestNetwork network, string[] settings)
    {
        try
        {
            foreach (var node in network.Nodes)
            {
                node.Settings.AddRange(settings);
            }

            await network.StartAllAsync();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    public async Task StartAllAsync()
    {
        foreach (var node in Nodes)
        {
            node.Start();
        }

        foreach (var node in Nodes)
        {
            await node.ReadyAsync();
        }
    }

    /// <summary>
    /// A chain with the same validators and accounts that began at another time, or agrees in another way:
    /// another chain.
    /// </summary>
    public Genesis GenesisAt(Timestamp time, ConsensusMode? mode = null) => new(
        "e2e", mode ?? _mode, time,
        [
            .. Nodes.Select((node, i) => new Validator(
                node.Name, node.Key.PublicKey, IsWitness: i >= Nodes.Count - _witnesses)),
        ],
        [
            new(Admin.PublicKey, Role.Admin, ""),
            new(Admin.PublicKey, Role.Issuer, ""),
            new(Admin.PublicKey, Role.Writer, TransactionRules.AnyNamespace),
        ],
        mode is null || mode == _mode ? _evidence : EvidencePolicy.Record);

    /// <summary>One more node, in a folder of its own, that nobody started yet.</summary>
    public TestNode NewNode(string name, SigningKey key, int port)
        => new(Directory.CreateDirectory(Path.Combine(_folder, $"{name}-{port}")).FullName, name, key, port);

    /// <summary>
    /// A node that nobody started yet, with a new key, that knows the genesis and where the others are.
    /// </summary>
    public TestNode Newcomer(string name)
    {
        var node = NewNode(name, SigningKey.Generate(), Ports.FreeBlock(PortsPerNode));
        File.WriteAllText(node.GenesisPath, GenesisFile.Write(Genesis));
        node.WriteConfig(Nodes);
        return node;
    }

    public TestNode Named(string? name) => Nodes.Single(node => node.Name == name);

    public void Dispose()
    {
        foreach (var node in Nodes)
        {
            node.Dispose();
        }

        Admin.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
