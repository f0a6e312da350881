using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Configuration;

namespace Ledger.Cli.Tests;

/// <summary>What <c>ledger network init</c> leaves on disk must be what a node takes.</summary>
public sealed class NetworkCommandTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder _folder = new();

    private string Network => _folder.Sub("network");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(4, "pbft")]
    [InlineData(3, "raft")]
    public async Task Each_validator_finds_all_that_it_needs_in_its_folder(int count, string mode)
    {
        var said = await Tool.RunAsync(
            "network", "init", "--validators", $"{count}", "--mode", mode, "--out", Network,
            "--chain-id", "trial-1", "--json");

        Assert.Equal((ExitCode.Done, ""), (said.Exit, said.Error));
        var genesis = GenesisFile.Parse(await ReadAsync("genesis.json"));
        Assert.Equal(genesis.Hash.ToString(), said.Json["genesis"]!.GetValue<string>());
        Assert.Equal(("trial-1", mode), (genesis.ChainId, $"{genesis.Mode}".ToLowerInvariant()));
        Assert.Equal(count, genesis.Validators.Count);
        for (var i = 0; i < count; i++)
        {
            var home = $"validator-{i + 1}";
            Assert.Equal(await ReadAsync("genesis.json"), await ReadAsync($"{home}/genesis.json"));
            using var key = KeyFile.Load(Path.Combine(Network, home, "validator.key.json"), null);
            Assert.Equal(
                (genesis.Validators[new(i)].Name, genesis.Validators[new(i)].PublicKey),
                (home, key.PublicKey));
        }

        using var client = KeyFile.Load(Path.Combine(Network, "client.key.json"), null);
        Assert.All(genesis.Roles, role => Assert.Equal(client.PublicKey, role.Account));
        Assert.All(
            Directory.GetFiles(Network, "*.key.json", SearchOption.AllDirectories),
            path => Assert.Equal(OwnerOnly, File.GetUnixFileMode(path)));
    }

    [Theory]
    [InlineData("record", EvidencePolicy.Record)]
    [InlineData("suspend", EvidencePolicy.Suspend)]
    public async Task What_follows_for_a_liar_stands_in_genesis(string name, EvidencePolicy policy)
    {
        var said = await Tool.RunAsync("network", "init", "--out", Network, "--evidence", name, "--json");

        Assert.Equal((ExitCode.Done, ""), (said.Exit, said.Error));
        var genesis = GenesisFile.Parse(await ReadAsync("genesis.json"));
        Assert.Equal(policy, genesis.Evidence);
        Assert.Equal(said.Json["genesis"]!.GetValue<string>(), genesis.Hash.ToString());
    }

    [Fact]
    public async Task Each_config_names_the_others_by_their_hosts()
    {
        await Tool.RunAsync(
            "network", "init", "--validators", "4", "--out", Network,
            "--hosts", "a.example, b.example,c.example,10.0.0.4");

        var config = System.Text.Json.Nodes.JsonNode.Parse(await ReadAsync("validator-2/node.json"))!;
        var others = config["peers"]!["endpoints"]!.AsObject();

        Assert.Equal(["validator-1", "validator-3", "validator-4"], others.Select(pair => pair.Key));
        Assert.Equal("a.example:7000", others["validator-1"]!.GetValue<string>());
        Assert.Equal("10.0.0.4:7000", others["validator-4"]!.GetValue<string>());
        Assert.Equal("127.0.0.1:8081", config["admin"]!["listen"]!.GetValue<string>());
        Assert.DoesNotContain(_folder.Path, config.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fewer_than_four_are_warned_of_beside_the_data()
    {
        var said = await Tool.RunAsync("network", "init", "--validators", "3", "--out", Network, "--json");

        Assert.Equal(ExitCode.Done, said.Exit);
        Assert.NotNull(said.Json);
        Assert.StartsWith("warning: 3 PBFT", said.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "warning: 2 Raft")]
    [InlineData(3, "")]
    public async Task Raft_needs_three_to_bear_a_crash(int validators, string warning)
    {
        var said = await Tool.RunAsync(
            "network", "init", "--mode", "raft", "--validators", $"{validators}", "--out", Network, "--json");

        Assert.Equal(ExitCode.Done, said.Exit);
        Assert.Equal(warning.Length > 0, said.Error.Contains("warning:", StringComparison.Ordinal));
        Assert.StartsWith(warning, said.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--hosts a,b,c", "names 3 hosts for 4 validators")]
    [InlineData("--hosts a,b,c,d/e", "'d/e' is not a host name")]
    [InlineData("--chain-id UPPER", "is not a chain id")]
    [InlineData("--chain-id a_b", "is not a chain id")]
    [InlineData("--evidence suspend --mode raft", "--evidence suspend is for --mode pbft")]
    public async Task What_no_network_can_be_is_refused_before_a_file_is_written(string options, string what)
    {
        var said = await Tool.RunAsync(
            ["network", "init", "--validators", "4", "--out", Network, .. options.Split(' ')]);

        Tool.AssertRefused(said, ExitCode.Usage, what);
        Assert.False(Directory.Exists(Network));
    }

    [Fact]
    public async Task A_folder_with_anything_in_it_is_left_alone()
    {
        Directory.CreateDirectory(Network);
        await File.WriteAllTextAsync(
            Path.Combine(Network, "mine"), "x", TestContext.Current.CancellationToken);

        Tool.AssertRefused(
            await Tool.RunAsync("network", "init", "--out", Network), ExitCode.Failed, "is not empty");

        Assert.Equal(["mine"], Directory.GetFileSystemEntries(Network).Select(Path.GetFileName));
    }

    private Task<string> ReadAsync(string name)
        => File.ReadAllTextAsync(Path.Combine(Network, name), TestContext.Current.CancellationToken);
}
