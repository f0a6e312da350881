using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ledger.Simulation;

/// <summary>A trace that cannot be used; its message says why.</summary>
public sealed class TraceException(string message) : Exception(message);

/// <summary>A run on paper: its options, every event, and a checksum over all of it.</summary>
/// <param name="Options">They give the same run again.</param>
/// <param name="Events">What happened, in order.</param>
public sealed record TraceFile(SimulationOptions Options, IReadOnlyList<string> Events)
{
    /// <summary>Raised whenever a run's events, or what a line says, change their meaning.</summary>
    public const int Version = 2;

    private const string Magic = "ledger-simulation-trace";
    private const string Seal = "sha256 ";

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    /// <summary>One line for one event: virtual microseconds, kind, host, peer, words.</summary>
    public static string LineOf(TraceEvent happened) => string.Create(
        CultureInfo.InvariantCulture,
        $"{happened.At.Ticks / TimeSpan.TicksPerMicrosecond}\t{happened.Kind}\t{happened.Node}\t"
        + $"{happened.Peer}\t"
        + $"{happened.Text.ReplaceLineEndings(" ")}");

    /// <summary>Reads an event's line.</summary>
    /// <exception cref="TraceException">It is none.</exception>
    public static TraceEvent EventOf(string line)
    {
        var fields = line.Split('\t', 5);
        return fields.Length == 5
            && long.TryParse(fields[0], CultureInfo.InvariantCulture, out var at)
            && Enum.TryParse<TraceKind>(fields[1], out var kind)
            && int.TryParse(fields[2], CultureInfo.InvariantCulture, out var node)
            && int.TryParse(fields[3], CultureInfo.InvariantCulture, out var peer)
                ? new(TimeSpan.FromMicroseconds(at), kind, node, peer, fields[4])
                : throw new TraceException($"'{line}' is no event");
    }

    public void Write(TextWriter target)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var line in Lines())
        {
            target.Write(line);
            target.Write('\n');
            Add(hash, line);
        }

        target.Write(Seal + Convert.ToHexStringLower(hash.GetHashAndReset()) + "\n");
    }

    /// <exception cref="TraceException">It is no trace, of another version, or damaged.</exception>
    public static TraceFile Read(TextReader source)
    {
        // Not by lines before it is known to have any: what is no trace may have no end.
        var magic = new char[Magic.Length + 1];
        if (source.ReadBlock(magic) < magic.Length || new string(magic) != Magic + " ")
        {
            throw new TraceException("it is not a simulation's trace");
        }

        var version = source.ReadLine() ?? "";
        if (version != Version.ToString(CultureInfo.InvariantCulture))
        {
            throw new TraceException($"it is of version '{version}'; this program reads version {Version}");
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, $"{Magic} {version}");
        List<string> lines = [];
        while (source.ReadLine() is { } line)
        {
            if (line.StartsWith(Seal, StringComparison.Ordinal))
            {
                return line[Seal.Length..] == Convert.ToHexStringLower(hash.GetHashAndReset())
                    ? Open(lines)
                    : throw new TraceException("it is damaged: its checksum does not fit what it holds");
            }

            Add(hash, line);
            lines.Add(line);
        }

        throw new TraceException("it is damaged: its end is missing");
    }

    private static TraceFile Open(List<string> lines)
    {
        if (lines.Count > 0 && TryParse(lines[0], out var options))
        {
            return new(options, lines[1..]);
        }

        throw new TraceException("its options cannot be read");
    }

    private static bool TryParse(string line, [NotNullWhen(true)] out SimulationOptions? options)
    {
        options = null;
        try
        {
            if (JsonSerializer.Deserialize<Stored>(line, Format) is { } stored
                && SimulationOptions.Engines.Contains(stored.Engine) && stored.LeftOut is not null
                && stored.Faults is not null && FaultSet.TryParse(stored.Faults, out var faults, out _))
            {
                options = new()
                {
                    Engine = stored.Engine,
                    Seed = stored.Seed,
                    Nodes = stored.Nodes,
                    Steps = stored.Steps,
                    Clients = stored.Clients,
                    Faults = faults,
                    Byzantine = stored.Byzantine,
                    Strategy = stored.Strategy,
                    LeftOut = stored.LeftOut.ToHashSet(),
                };
            }
        }
        catch (JsonException)
        {
            // No options, then.
        }

        return options is { Fault: null };
    }

    private IEnumerable<string> Lines()
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{Magic} {Version}");
        yield return JsonSerializer.Serialize(
            new Stored(
                Options.Engine, Options.Seed, Options.Nodes, Options.Steps, Options.Clients,
                Options.Faults.ToString(), Options.Byzantine, Options.Strategy, [.. Options.LeftOut.Order()]),
            Format);
        foreach (var line in Events)
        {
            yield return line;
        }
    }

    private static void Add(IncrementalHash hash, string line)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(line));
        hash.AppendData("\n"u8);
    }

    private sealed record Stored(
        string Engine, ulong Seed, int Nodes, int Steps, int Clients, string Faults, int? Byzantine,
        string? Strategy,
        int[] LeftOut);
}
