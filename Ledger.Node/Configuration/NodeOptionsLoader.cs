using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Ledger.Consensus.Pbft;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Ledger.Node.Mempool;

namespace Ledger.Node.Configuration;

/// <summary>
/// Reads a node's configuration: flag over environment over file over default. What it does not know, and
/// every value it cannot use, it names, all at once and each by its path.
/// </summary>
public static class NodeOptionsLoader
{
    public const string EnvironmentPrefix = "LEDGER__";

    private const string EndpointsPath = "peers.endpoints.";

    private const int FileBytesMax = 1 << 20;

    /// <summary>Path and default; null where a value must be given, empty where it may be left out.</summary>
    public static IReadOnlyList<(string Path, string? Default, string Meaning)> Known { get; } =
    [
        ("genesisFile", null, "the genesis file, the same for all validators"),
        ("keyFile", null, "this validator's key file, mode 0600"),
        ("passphraseFile", "", "a file whose first line unlocks the key"),
        ("dataDir", null, "where the ledger and the journal are kept"),
        ("peers.listen", "0.0.0.0:7000", "address and port for the other validators"),
        (
            "peers.join", "no",
            "yes: start although no validator yet, and follow the chain until an admin adds this key; "
                + "witness: the same, for one that is to vote and keep no blocks"),
        ("http.listen", "127.0.0.1:8080", "address and port of the HTTP API"),
        ("http.maxBodyBytes", "8388608", "the largest request body; 1024 to 67108864"),
        ("admin.listen", "127.0.0.1:8081", "address and port of administrative calls; loopback only"),
        ("consensus.viewTimeoutMs", "1000",
            "how long a view may go without a commit while work waits; 10 to 600000"),
        ("consensus.viewTimeoutMaxMs", "30000", "what doubling stops at; at least viewTimeoutMs"),
        ("consensus.electionTimeoutMs", "300",
            "Raft: a follower that misses its leader for longer, up to twice as long, campaigns; 60 to "
            + "60000"),
        ("consensus.leaseReads", "off",
            "Raft: on lets the leader answer linearizable reads by its lease, as true as the clocks; on or "
            + "off"),
        ("consensus.clockDriftPerMille", "50",
            "Raft: by how much one validator's clock may run faster than another's; 1 to 500"),
        ("consensus.window", "8", "heights under way at once; 1 to 64"),
        ("consensus.maxBlockTransactions", "2000",
            $"transactions in one block; 1 to {Limits.BlockTransactions}"),
        ("consensus.maxBlockBytes", "2097152",
            $"bytes of transactions in one block; 131072 to {Limits.BlockBytes / 2}"),
        ("consensus.batchDelayMs", "50", "how long a block waits for company behind others; 0 to 1000"),
        ("consensus.requestTimeoutMs", "10000", "how long a transaction may be passed over; 100 to 600000"),
        ("consensus.flightRecorder", "16",
            "MiB of the engine's last turns kept for 'ledger replay'; 0 to 1024, 0: off"),
        ("mempool.maxTransactions", "50000", "transactions that wait at most; 1 to 10000000"),
        ("mempool.maxBytes", "67108864", "bytes of them at most; 131072 to 17179869184"),
        ("mempool.senderSharePercent", "50", "how much of either one sender may take; 1 to 100"),
        ("storage.cacheMiB", "48", "block cache of the store; 8 to 65536"),
        ("snapshots.everyBlocks", "10000",
            "a snapshot is kept of every so many blocks, for validators that join; 0 for none"),
        ("retention.blocks", "0",
            "blocks whose bodies are kept at least; 0 keeps all, otherwise at least snapshots.everyBlocks"),
        ("sync.fromSnapshot", "auto",
            "auto: begin from a peer's snapshot where that is cheaper; never: fetch every block"),
        ("log.format", "auto", "json, console, or auto: console on a terminal"),
        ("log.level", "information", "trace, debug, information, warning or error"),
        ("trace.endpoint", "",
            "where spans are sent, an OpenTelemetry collector's OTLP port for HTTP, such as "
            + "http://collector:4318"),
        ("trace.samplePerMille", "10",
            "how many blocks in a thousand are traced, and requests that do not say themselves; 0 to 1000"),
    ];

    /// <param name="file">node.json; relative paths in it are relative to it.</param>
    /// <param name="environment">The process's variables.</param>
    /// <param name="flags">Path to value, from the command line.</param>
    /// <exception cref="ConfigurationException">With every fault.</exception>
    public static NodeOptions Load(
        string file, IReadOnlyDictionary<string, string> environment,
        IReadOnlyDictionary<string, string> flags)
    {
        List<string> faults = [];
        var values = new SortedDictionary<string, (string Value, string Origin)>(
            StringComparer.OrdinalIgnoreCase);
        foreach (var (path, value, _) in Known)
        {
            if (value is not null)
            {
                values[path] = (value, "default");
            }
        }

        Take(ReadFile(file, faults), "file", file);
        Take(FromEnvironment(environment), "environment", "the environment");
        Take(flags, "flag", "the command line");
        var reader = new Reader(values, Path.GetDirectoryName(Path.GetFullPath(file)) ?? ".", faults);
        var options = reader.Read();
        return faults.Count == 0 ? options : throw new ConfigurationException(faults);

        void Take(IEnumerable<KeyValuePair<string, string>> from, string origin, string where)
        {
            foreach (var (path, value) in from)
            {
                var known =
                    Known.FirstOrDefault(k => k.Path.Equals(path, StringComparison.OrdinalIgnoreCase)).Path
                    ?? (path.StartsWith(EndpointsPath, StringComparison.OrdinalIgnoreCase) ? path : null);
                if (known is null)
                {
                    faults.Add($"{path}: no such setting (in {where})");
                }
                else
                {
                    values[known] = (value, origin);
                }
            }
        }
    }

    private static List<KeyValuePair<string, string>> ReadFile(string file, List<string> faults)
    {
        List<KeyValuePair<string, string>> values = [];
        try
        {
            using var document = JsonDocument.Parse(BoundedFile.ReadText(file, FileBytesMax));
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                Flatten(document.RootElement, "", values, faults);
            }
            else
            {
                faults.Add($"{file}: an object of settings is expected");
            }
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            faults.Add($"{file}: {exception.Message}");
        }

        return values;
    }

    private static void Flatten(
        JsonElement element, string path, List<KeyValuePair<string, string>> values, List<string> faults)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    Flatten(property.Value, path.Length == 0
                        ? property.Name : $"{path}.{property.Name}", values, faults);
                }

                break;
            case JsonValueKind.String or JsonValueKind.Number:
                values.Add(new(path, element.ToString()));
                break;
            default:
                faults.Add($"{path}: a text or a number is expected");
                break;
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> FromEnvironment(
        IReadOnlyDictionary<string, string> environment)
        => environment
            .Where(variable => variable.Key.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
            .Select(variable => new KeyValuePair<string, string>(
                variable.Key[EnvironmentPrefix.Length..].Replace("__", ".", StringComparison.Ordinal),
                variable.Value));

    /// <summary>Turns texts into values, and notes what cannot be.</summary>
    private sealed class Reader(
        SortedDictionary<string, (string Value, string Origin)> values, string folder, List<string> faults)
    {
        public NodeOptions Read()
        {
            var viewTimeout = Number("consensus.viewTimeoutMs", 10, 600_000);
            var window = (int)Number("consensus.window", 1, 64);
            var snapshotEvery = Number("snapshots.everyBlocks", 0, 1_000_000_000);
            var join = OneOf("peers.join", "no", "yes", "witness");
            return new()
            {
                GenesisFile = FilePath("genesisFile"),
                KeyFile = FilePath("keyFile"),
                PassphraseFile = Text("passphraseFile").Length == 0 ? null : FilePath("passphraseFile"),
                DataDir = FilePath("dataDir"),
                PeerListen = EndPoint("peers.listen"),
                PeerEndpoints = Endpoints(),
                Joins = join != "no",
                JoinsAsWitness = join == "witness",
                HttpListen = EndPoint("http.listen"),
                HttpMaxBodyBytes = Number("http.maxBodyBytes", 1024, 67_108_864),
                AdminListen = Loopback("admin.listen"),
                Pbft = new(
                    window,
                    TimeSpan.FromMilliseconds(viewTimeout),
                    TimeSpan.FromMilliseconds(Number("consensus.viewTimeoutMaxMs", viewTimeout, 3_600_000)),
                    TimeSpan.FromMilliseconds(Math.Max(1, viewTimeout / 2))),
                Raft = RaftOptions.Default with
                {
                    TickEvery = TimeSpan.FromMilliseconds(
                        (double)Number(
                            "consensus.electionTimeoutMs", 60, 60_000) / RaftOptions.Default.ElectionTicks),
                    Window = window,
                    LeaseReads = OneOf("consensus.leaseReads", "off", "on") == "on",
                    ClockDriftPerMille = (int)Number("consensus.clockDriftPerMille", 1, 500),
                },
                Proposal = new(
                    (int)Number("consensus.maxBlockTransactions", 1, Limits.BlockTransactions),
                    (int)Number("consensus.maxBlockBytes", Limits.TransactionBytes, Limits.BlockBytes / 2),
                    TimeSpan.FromMilliseconds(Number("consensus.batchDelayMs", 0, 1000))),
                RequestTimeout = TimeSpan.FromMilliseconds(
                    Number("consensus.requestTimeoutMs", 100, 600_000)),
                FlightRecorderMiB = (int)Number("consensus.flightRecorder", 0, 1024),
                Mempool = new(
                    (int)Number("mempool.maxTransactions", 1, 10_000_000),
                    Number("mempool.maxBytes", Limits.TransactionBytes, 1L << 34),
                    (int)Number("mempool.senderSharePercent", 1, 100)),
                CacheMiB = (int)Number("storage.cacheMiB", 8, 65_536),
                SnapshotEveryBlocks = (ulong)snapshotEvery,
                RetentionBlocks = (ulong)Retention(snapshotEvery),
                TakesSnapshots = OneOf("sync.fromSnapshot", "auto", "never") == "auto",
                LogFormat = OneOf("log.format", "auto", "json", "console"),
                LogLevel = OneOf("log.level", "trace", "debug", "information", "warning", "error"),
                TraceEndpoint = Url("trace.endpoint"),
                TraceSamplePerMille = (int)Number("trace.samplePerMille", 0, 1000),
                Values = [.. values.Select(
                    pair => new ConfiguredValue(pair.Key, pair.Value.Value, pair.Value.Origin))],
            };
        }

        /// <summary>A setting that has a default, and so a value.</summary>
        private string Text(string path) => values[path].Value;

        /// <summary>
        /// Empty is as good as absent: the folder of the configuration itself is never what was meant.
        /// </summary>
        private string FilePath(string path)
        {
            if (values.TryGetValue(path, out var value) && value.Value.Length > 0)
            {
                return Path.GetFullPath(Path.Combine(folder, value.Value));
            }

            faults.Add($"{path}: must be given");
            return "";
        }

        private long Number(string path, long least, long most)
        {
            if (long.TryParse(Text(path), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
                && number >= least && number <= most)
            {
                return number;
            }

            faults.Add($"{path}: '{Text(path)}' is no whole number from {least} to {most}");
            return least;
        }

        /// <summary>
        /// What is pruned here must be had as a snapshot, or nobody who lacks it could ever join.
        /// </summary>
        private long Retention(long snapshotEvery)
        {
            var blocks = Number("retention.blocks", 0, long.MaxValue);
            if (blocks > 0 && (snapshotEvery == 0 || blocks < snapshotEvery))
            {
                faults.Add(
                    "retention.blocks: what is pruned must be had as a snapshot: snapshots.everyBlocks "
                    + "must be 1 to retention.blocks");
            }

            return blocks;
        }

        private Uri? Url(string path)
        {
            if (Text(path).Length == 0)
            {
                return null;
            }

            if (Uri.TryCreate(Text(path), UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                return url;
            }

            faults.Add($"{path}: '{Text(path)}' is no URL, such as http://collector:4318");
            return null;
        }

        private string OneOf(string path, params string[] choices)
        {
            var text = Text(path).ToLowerInvariant();
            if (!choices.Contains(text))
            {
                faults.Add($"{path}: '{text}' is none of {string.Join(", ", choices)}");
            }

            return text;
        }

        private IPEndPoint EndPoint(string path)
        {
            // The parser takes a missing port for 0; of IPv6, whose address has colons itself, too.
            if (IPEndPoint.TryParse(Text(path), out var endPoint)
                && Text(path).Contains(
                    endPoint.AddressFamily == AddressFamily.InterNetworkV6
                    ? "]:" : ":", StringComparison.Ordinal))
            {
                return endPoint;
            }

            faults.Add($"{path}: '{Text(path)}' is no address and port, such as 127.0.0.1:8080");
            return new(IPAddress.Loopback, 0);
        }

        private IPEndPoint Loopback(string path)
        {
            var endPoint = EndPoint(path);
            if (!IPAddress.IsLoopback(endPoint.Address))
            {
                faults.Add($"{path}: {endPoint.Address} is not a loopback address");
            }

            return endPoint;
        }

        private Dictionary<string, (string Host, int Port)> Endpoints()
        {
            Dictionary<string, (string Host, int Port)> endpoints = [];
            foreach (var (path, (value, _)) in values)
            {
                if (!path.StartsWith(EndpointsPath, StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }

                if (PeerAddress.TryParse(value, out var host, out var port))
                {
                    endpoints[path[EndpointsPath.Length..]] = (host, port);
                }
                else
                {
                    faults.Add($"{path}: '{value}' is no host and port");
                }
            }

            return endpoints;
        }
    }
}
