using Ledger.Node.Configuration;

namespace Ledger.Node.Tests.Configuration;

/// <summary>Where a node's settings come from, and what is said of those that cannot be used.</summary>
public sealed class NodeOptionsLoaderTests : IDisposable
{
    private const string Required = """ "genesisFile": "g.json", "keyFile": "k.json", "dataDir": "data" """;

    private static readonly Dictionary<string, string> Nothing = [];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_flag_outdoes_the_environment_the_file_and_the_default()
    {
        var file = Write(
            $$"""{ {{Required}}, "consensus": { "window": 2, "batchDelayMs": 3, "viewTimeoutMs": 400 } }""");
        Dictionary<string, string> environment = new()
        {
            ["LEDGER__consensus__window"] = "4",
            ["LEDGER__consensus__batchDelayMs"] = "5",
            ["PATH"] = "/bin",
        };

        var options = NodeOptionsLoader.Load(
            file, environment, new Dictionary<string, string> { ["consensus.window"] = "6" });

        Assert.Equal(6, options.Pbft.Window);
        Assert.Equal(TimeSpan.FromMilliseconds(5), options.Proposal.BatchDelay);
        Assert.Equal(TimeSpan.FromMilliseconds(400), options.Pbft.ViewTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), options.Pbft.ViewTimeoutMax);
        Assert.Equal(
            [
                ("consensus.batchDelayMs", "5", "environment"), (
                    "consensus.viewTimeoutMaxMs", "30000", "default"),
                ("consensus.viewTimeoutMs", "400", "file"), ("consensus.window", "6", "flag"),
            ],
            options.Values
                .Where(v =>
                    v.Path is "consensus.window" || v.Path.Contains("viewTimeout", StringComparison.Ordinal)
                    || v.Path.EndsWith("batchDelayMs", StringComparison.Ordinal))
                .Select(v => (v.Path, v.Value, v.Origin)));
    }

    [Fact]
    public void Every_known_setting_is_shown_with_its_origin()
    {
        var options = Load($$"""{ {{Required}} }""");

        Assert.Equal(
            NodeOptionsLoader.Known.Select(known => known.Path).Order(StringComparer.OrdinalIgnoreCase),
            options.Values.Select(value => value.Path));
        Assert.All(
            options.Values,
            value => Assert.Equal(
                value.Path is "genesisFile" or "keyFile" or "dataDir" ? "file" : "default", value.Origin));
    }

    [Fact]
    public void Names_are_known_whatever_their_case()
    {
        var file = Write($$"""{ {{Required}}, "Consensus": { "WINDOW": 2 } }""");

        var options = NodeOptionsLoader.Load(
            file, new Dictionary<string, string> { ["LEDGER__LOG__LEVEL"] = "Debug" }, Nothing);

        Assert.Equal(2, options.Pbft.Window);
        Assert.Equal("debug", options.LogLevel);
        Assert.Contains(new ConfiguredValue("consensus.window", "2", "file"), options.Values);
    }

    [Fact]
    public void All_faults_are_listed_each_with_its_path()
    {
        var file = Write(
            """
            {
              "keyFile": "k.json", "dataDir": "data", "keyPassphrase": "hunter2",
              "consensus": { "widow": 3, "window": 0 },
              "http": { "listen": "nowhere" }, "log": { "level": true, "format": "xml" },
              "peers": { "endpoints": { "validator-2": "host" } }
            }
            """);
        Dictionary<string, string> environment = new() { ["LEDGER__mempol__maxBytes"] = "1" };
        Dictionary<string, string> flags =
            new() { ["admin.listen"] = "0.0.0.0:8081", ["storage.cacheMiB"] = "many" };

        var faults = Assert.Throws<ConfigurationException>(
            () => NodeOptionsLoader.Load(file, environment, flags)).Faults;

        string[] paths =
        [
            "log.level", "keyPassphrase", "consensus.widow", "mempol.maxBytes", "consensus.window",
            "genesisFile",
            "peers.endpoints.validator-2", "http.listen", "admin.listen", "storage.cacheMiB", "log.format",
        ];
        Assert.Equal(paths.Order(),
            faults.Select(fault => fault[..fault.IndexOf(':', StringComparison.Ordinal)]).Order());
        Assert.Contains(faults, fault => fault == $"keyPassphrase: no such setting (in {file})");
        Assert.Contains(faults, fault => fault == "mempol.maxBytes: no such setting (in the environment)");
    }

    [Fact]
    public void What_an_unknown_setting_holds_is_not_shown()
    {
        var failure = Assert.Throws<ConfigurationException>(
            () => Load($$"""{ {{Required}}, "passphrase": "hunter2" }"""));

        Assert.DoesNotContain("hunter2", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_passphrase_is_named_by_its_file_and_never_shown()
    {
        File.WriteAllText(_folder.Sub("secret"), "hunter2\n");

        var options = Load($$"""{ {{Required}}, "passphraseFile": "secret" }""");

        Assert.Equal(_folder.Sub("secret"), options.PassphraseFile);
        Assert.DoesNotContain(
            options.Values, value => value.Value.Contains("hunter2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http.maxBodyBytes", 1024, 67_108_864)]
    [InlineData("consensus.viewTimeoutMaxMs", 1000, 3_600_000)]
    [InlineData("consensus.window", 1, 64)]
    [InlineData("consensus.maxBlockTransactions", 1, 8192)]
    [InlineData("consensus.maxBlockBytes", 131_072, 2_097_152)]
    [InlineData("consensus.batchDelayMs", 0, 1000)]
    [InlineData("consensus.requestTimeoutMs", 100, 600_000)]
    [InlineData("mempool.maxTransactions", 1, 10_000_000)]
    [InlineData("mempool.maxBytes", 131_072, 17_179_869_184)]
    [InlineData("mempool.senderSharePercent", 1, 100)]
    [InlineData("storage.cacheMiB", 8, 65_536)]
    public void A_number_is_taken_in_its_range_and_refused_beside_it(string path, long least, long most)
    {
        var file = Write($$"""{ {{Required}} }""");
        foreach (var good in new[] { least, most })
        {
            NodeOptionsLoader.Load(file, Nothing, new Dictionary<string, string> { [path] = $"{good}" });
        }

        foreach (var bad
            in new[] { $"{least - 1}", $"{most + 1}", "", "1.5", "1e3", "0x10", "99999999999999999999" })
        {
            var failure = Assert.Throws<ConfigurationException>(
                () => NodeOptionsLoader.Load(file, Nothing, new Dictionary<string, string> { [path] = bad }));
            Assert.Contains(failure.Faults, fault => fault.Contains($"'{bad}'", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("10", "10", true)]
    [InlineData("600000", "600000", true)]
    [InlineData("9", "30000", false)]
    [InlineData("600001", "3600000", false)]
    [InlineData("2000", "1999", false)]
    public void Doubling_stops_at_no_less_than_where_it_starts(string timeout, string max, bool isGood)
    {
        var file = Write($$"""{ {{Required}} }""");
        Dictionary<string, string> flags = new()
        {
            ["consensus.viewTimeoutMs"] = timeout,
            ["consensus.viewTimeoutMaxMs"] = max,
        };

        var failure = Record.Exception(() => NodeOptionsLoader.Load(file, Nothing, flags));

        Assert.Equal(isGood, failure is null);
        Assert.True(failure is null or ConfigurationException);
    }

    [Fact]
    public void Relative_paths_are_relative_to_the_file()
    {
        Directory.CreateDirectory(_folder.Sub("node-1"));
        var file = Path.Combine(_folder.Sub("node-1"), "node.json");
        File.WriteAllText(
            file,
            """
            { "genesisFile": "../genesis.json", "keyFile": "key.json", "dataDir": "/var/lib/ledger" }
            """);

        var options = NodeOptionsLoader.Load(file, Nothing, Nothing);

        Assert.Equal(_folder.Sub("genesis.json"), options.GenesisFile);
        Assert.Equal(Path.Combine(_folder.Path, "node-1", "key.json"), options.KeyFile);
        Assert.Equal("/var/lib/ledger", options.DataDir);
        Assert.Null(options.PassphraseFile);
    }

    [Theory]
    [InlineData("genesisFile")]
    [InlineData("keyFile")]
    [InlineData("dataDir")]
    public void What_must_be_given_may_not_be_empty_either(string path)
    {
        var file = Write($$"""{ {{Required}} }""");

        var failure = Assert.Throws<ConfigurationException>(
            () => NodeOptionsLoader.Load(file, Nothing, new Dictionary<string, string> { [path] = "" }));

        Assert.Equal([$"{path}: must be given"], failure.Faults);
    }

    [Fact]
    public void Endpoints_of_peers_are_read_with_names_and_addresses_of_all_kinds()
    {
        var options = Load(
            $$"""
            {
              {{Required}},
              "peers": {
                "endpoints": {
                  "validator-2": "db.example:7000", "eu.1": "10.0.0.3:7001", "six": "[::1]:7002"
                }
              }
            }
            """);

        Assert.Equal(
            [("eu.1", ("10.0.0.3", 7001)), ("six", ("::1", 7002)), ("validator-2", ("db.example", 7000))],
            options.PeerEndpoints.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)));
    }

    [Theory]
    [InlineData("host")]
    [InlineData(":7000")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("")]
    public void An_endpoint_of_a_peer_needs_a_host_and_a_port(string endpoint)
    {
        var failure = Assert.Throws<ConfigurationException>(
            () => Load($$"""{ {{Required}}, "peers": { "endpoints": { "a": "{{endpoint}}" } } }"""));

        Assert.StartsWith("peers.endpoints.a: ", Assert.Single(failure.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8080")]
    [InlineData("localhost:8080")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("::1")]
    [InlineData("")]
    public void An_address_to_listen_on_has_a_port(string address)
    {
        var file = Write($$"""{ {{Required}} }""");

        var failure = Assert.Throws<ConfigurationException>(
            () => NodeOptionsLoader.Load(
                file, Nothing, new Dictionary<string, string> { ["http.listen"] = address }));

        Assert.StartsWith("http.listen: ", Assert.Single(failure.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0:8081", false)]
    [InlineData("10.1.2.3:8081", false)]
    [InlineData("127.0.0.2:8081", true)]
    [InlineData("[::1]:8081", true)]
    public void Administration_stays_on_loopback(string address, bool isLoopback)
    {
        var file = Write($$"""{ {{Required}} }""");
        Dictionary<string, string> flags = new() { ["admin.listen"] = address };

        if (isLoopback)
        {
            Assert.Equal(8081, NodeOptionsLoader.Load(file, Nothing, flags).AdminListen.Port);
        }
        else
        {
            Assert.Throws<ConfigurationException>(() => NodeOptionsLoader.Load(file, Nothing, flags));
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("{ \"dataDir\": \"a\" } x")]
    public void A_file_that_is_no_object_of_settings_is_named(string text)
    {
        var failure = Assert.Throws<ConfigurationException>(() => Load(text));

        Assert.StartsWith(_folder.Sub("node.json"), failure.Faults[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        var failure = Assert.Throws<ConfigurationException>(
            () => NodeOptionsLoader.Load(_folder.Sub("none.json"), Nothing, Nothing));

        Assert.StartsWith(_folder.Sub("none.json"), failure.Faults[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("[1]")]
    public void A_value_is_a_text_or_a_number(string value)
    {
        var failure = Assert.Throws<ConfigurationException>(
            () => Load($$"""{ {{Required}}, "consensus": { "window": {{value}} } }"""));

        Assert.Equal(["consensus.window: a text or a number is expected"], failure.Faults);
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string text)
    {
        var file = _folder.Sub("node.json");
        File.WriteAllText(file, text);
        return file;
    }

    private NodeOptions Load(string text) => NodeOptionsLoader.Load(Write(text), Nothing, Nothing);
}
