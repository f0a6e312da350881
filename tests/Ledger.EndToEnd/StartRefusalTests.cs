using Ledger.Core;
using Ledger.Crypto;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// A node that cannot start says what is wrong in a sentence, ends with a code that tells why, and shows no
/// stack.
/// </summary>
public sealed class StartRefusalTests : IDisposable
{
    private const int Failed = 1;
    private const int BadConfiguration = 78;

    private readonly TestNetwork _network = TestNetwork.Create(1);

    private TestNode Node => _network.Nodes[0];

    public void Dispose() => _network.Dispose();

    [Fact]
    public async Task Another_genesis_than_the_data_folders_is_refused()
    {
        await RunOnceAsync();
        var other = _network.GenesisAt(_network.Genesis.Time.Plus(TimeSpan.FromSeconds(1)));
        File.WriteAllText(Node.GenesisPath, GenesisFile.Write(other));

        await AssertRefusedAsync(
            BadConfiguration, Node.DataPath, _network.Genesis.Hash.ToString(), other.Hash.ToString(),
            "name the folder of this chain");
    }

    [Fact]
    public async Task Another_validators_key_than_the_data_folders_is_refused()
    {
        using var two = TestNetwork.Create(2);
        var (first, second) = (two.Nodes[0], two.Nodes[1]);
        first.Start();
        await first.Process.SaysAsync("HTTP API on");
        first.Process.Terminate();
        Assert.Equal(0, await first.Process.ExitAsync());
        File.Copy(second.KeyPath, first.KeyPath, overwrite: true);

        await AssertRefusedAsync(
            first, BadConfiguration, first.Key.PublicKey.ToString(), second.Key.PublicKey.ToString(),
            "use that validator's key");
    }

    [Fact]
    public async Task Every_unknown_key_and_bad_value_is_listed_with_its_path()
    {
        Node.Settings.AddRange(
        [
            "consensus.windoww=8", "consensus.window=900", "http.listen=nowhere", "admin.listen=0.0.0.0:8081",
            "log.level=loud", "peers.endpoints.validator-9=somewhere",
        ]);

        await AssertRefusedAsync(
            BadConfiguration, "consensus.windoww: no such setting",
            "consensus.window: '900' is no whole number from 1 to 64",
            "http.listen: 'nowhere'", "admin.listen: 0.0.0.0 is not a loopback address",
            "log.level: 'loud' is none of",
            "peers.endpoints.validator-9: 'somewhere' is no host and port");
    }

    [Theory]
    [InlineData("{", "node.json")]
    [InlineData("{}", "genesisFile: must be given", "keyFile: must be given", "dataDir: must be given")]
    [InlineData("[]", "node.json")]
    [InlineData("""{"genesisFile": ["genesis.json"]}""", "genesisFile: a text or a number is expected")]
    public async Task A_configuration_file_that_is_none_is_refused(string text, params string[] words)
    {
        File.WriteAllText(Node.ConfigPath, text);

        await AssertRefusedAsync(BadConfiguration, words);
    }

    [Fact]
    public async Task A_missing_configuration_file_is_refused()
    {
        File.Delete(Node.ConfigPath);

        await AssertRefusedAsync(BadConfiguration, Node.ConfigPath);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"chainId":"e2e","mode":"pbft","time":1,"validators":[],"roles":[]}""")]
    public async Task A_genesis_file_that_is_none_is_refused(string text)
    {
        File.WriteAllText(Node.GenesisPath, text);

        await AssertRefusedAsync(BadConfiguration, Node.GenesisPath);
    }

    [Fact]
    public async Task A_key_that_is_not_in_genesis_is_refused()
    {
        using var stranger = SigningKey.Generate();
        KeyFile.Replace(Node.KeyPath, stranger, passphrase: null);

        await AssertRefusedAsync(
            BadConfiguration, "keyFile", stranger.PublicKey.ToString(), "none of the validators");
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public async Task A_key_file_open_to_others_is_refused(UnixFileMode open)
    {
        File.SetUnixFileMode(Node.KeyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | open);

        await AssertRefusedAsync(BadConfiguration, Node.KeyPath, "open to others", "chmod 600");
    }

    /// <summary>
    /// Beside the running node, before it is restarted: so nothing may be opened, made or listened on.
    /// </summary>
    [Fact]
    public async Task A_configuration_is_checked_beside_the_running_node_and_starts_nothing()
    {
        await using var running = await RunningAsync();
        var (exitCode, output, errors) = await CheckAsync();

        Assert.Equal((0, "The configuration is valid.\n", ""), (exitCode, output, errors));
        Assert.Equal("ready", (await Node.StatusAsync()).State);
    }

    [Fact]
    public async Task A_check_makes_no_data_folder_and_says_all_that_a_start_would_refuse()
    {
        Assert.Equal(0, (await CheckAsync()).ExitCode);
        Assert.False(Directory.Exists(Node.DataPath));

        using var stranger = SigningKey.Generate();
        KeyFile.Replace(Node.KeyPath, stranger, passphrase: null);
        var (exitCode, _, errors) = await CheckAsync();
        Assert.Equal(BadConfiguration, exitCode);
        Assert.Contains(stranger.PublicKey.ToString(), errors, StringComparison.Ordinal);

        (exitCode, _, errors) = await CheckAsync(
            "--set", "http.listen=nowhere", "--set", "consensus.windoww=8");
        Assert.Equal(BadConfiguration, exitCode);
        Assert.Contains("http.listen: 'nowhere'", errors, StringComparison.Ordinal);
        Assert.Contains("consensus.windoww: no such setting", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "http.listen")]
    [InlineData(1, "admin.listen")]
    [InlineData(2, "peers.listen")]
    public async Task A_port_in_use_is_refused_by_its_setting(int offset, string setting)
    {
        using var taken = Ports.Take(Node.HttpPort + offset);

        await AssertRefusedAsync(BadConfiguration, setting, $"127.0.0.1:{Node.HttpPort + offset}", "in use");
    }

    [Fact]
    public async Task An_address_of_another_machine_is_refused_by_its_setting()
    {
        Node.Settings.Add($"peers.listen=192.0.2.1:{Node.PeerPort}");

        await AssertRefusedAsync(BadConfiguration, "peers.listen", "192.0.2.1");
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_is_refused()
    {
        File.WriteAllText(Path.Combine(Node.Home, "file"), "");
        Node.Settings.Add($"dataDir={Path.Combine("file", "data")}");

        await AssertRefusedAsync(
            BadConfiguration, Path.Combine(Node.Home, "file"), "cannot be made or written");
    }

    [Fact]
    public async Task A_data_folder_in_use_is_refused()
    {
        await using var running = await RunningAsync();
        var second = LedgerProcess.Start(
            "node", "run", "--config", Node.ConfigPath, "--set", $"http.listen=127.0.0.1:{Node.HttpPort + 5}",
            "--set", $"admin.listen=127.0.0.1:{Node.HttpPort + 6}",
            "--set", $"peers.listen=127.0.0.1:{Node.HttpPort + 7}");
        using (second)
        {
            await AssertRefusedAsync(second, BadConfiguration, Node.DataPath, "in use by another process");
        }

        Assert.Equal("ready", (await Node.StatusAsync()).State);
    }

    [Fact]
    public async Task A_validator_whose_journal_is_gone_does_not_start_as_if_it_had_never_voted()
    {
        await RunOnceAsync();
        Directory.Delete(Path.Combine(Node.DataPath, "journal"), recursive: true);

        await AssertRefusedAsync(Failed, Path.Combine(Node.DataPath, "journal"), "must not vote");
        await AssertRefusedAsync(Failed, Path.Combine(Node.DataPath, "journal"), "must not vote");
    }

    [Fact]
    public async Task A_ledger_that_is_damaged_is_refused()
    {
        await RunOnceAsync();
        foreach (var file in Directory.GetFiles(Path.Combine(Node.DataPath, "ledger"), "MANIFEST-*"))
        {
            File.WriteAllText(file, "not what was written");
        }

        await AssertRefusedAsync(Failed, Path.Combine(Node.DataPath, "ledger"), "is damaged");
    }

    private Task<(int ExitCode, string Output, string Errors)> CheckAsync(params string[] arguments)
        => LedgerProcess.RunAsync(
            ["node", "run", "--config", Node.ConfigPath, "--check-config", .. arguments]);

    private async Task RunOnceAsync()
    {
        await using (await RunningAsync())
        {
            await TestClient.FinalAsync(Node, new TestClient(_network).Put("once", "run"));
        }
    }

    private async Task<IAsyncDisposable> RunningAsync()
    {
        await _network.StartAllAsync();
        return new Running(Node);
    }

    private Task AssertRefusedAsync(int exitCode, params string[] words)
        => AssertRefusedAsync(Node, exitCode, words);

    private static async Task AssertRefusedAsync(TestNode node, int exitCode, params string[] words)
    {
        using var process = node.Start();
        await AssertRefusedAsync(process, exitCode, words);
    }

    private static async Task AssertRefusedAsync(LedgerProcess process, int exitCode, params string[] words)
    {
        var ended = await process.ExitAsync();
        var said = $"{process.Output}\n---\n{process.Errors}";
        Assert.True(ended == exitCode, $"exit code {ended} and not {exitCode}; it said:\n{said}");
        Assert.All(words, word => Assert.Contains(word, process.Errors, StringComparison.Ordinal));
        Assert.StartsWith("error: ", process.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", said, StringComparison.Ordinal);
    }

    private sealed class Running(TestNode node) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            node.Process.Terminate();
            Assert.Equal(0, await node.Process.ExitAsync());
        }
    }
}
