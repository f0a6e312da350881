using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ledger.Simulation;

/// <summary>What a client can ask of one key.</summary>
public enum KeyAction
{
    Put,
    CompareAndSet,
    Get,
}

/// <summary>
/// One operation of one client on one key, from when it was invoked to when its result was seen. The times
/// only order what did not overlap; their unit is of no matter.
/// </summary>
public sealed record HistoryEntry
{
    public required int Client { get; init; }

    public required KeyAction Action { get; init; }

    public required string Key { get; init; }

    /// <summary>What was written.</summary>
    public string? Value { get; init; }

    /// <summary>What a compare-and-set expected; 0 is an absent key.</summary>
    public ulong? Expected { get; init; }

    public required long Invoked { get; init; }

    /// <summary>Null when no answer was seen: it may have happened, or happen later, or never.</summary>
    public long? Returned { get; init; }

    /// <summary>Whether it took effect; null when unknown.</summary>
    public bool? Applied { get; init; }

    /// <summary>What a get saw; null for an absent key.</summary>
    public string? Seen { get; init; }

    /// <summary>The version that a write made or a get saw; 0 is an absent key.</summary>
    public ulong? Version { get; init; }

    public override string ToString() => Action switch
    {
        KeyAction.Get => $"client {Client} got {Key} = {Seen ?? "nothing"} at version {Text(Version)}",
        KeyAction.Put => $"client {Client} put {Key} = {Value}, version {Text(Version)}",
        _ => $"client {Client} set {Key} = {Value} if at version {Text(Expected)}: "
            + $"{(Applied is null ? "no answer" : Applied.Value ? "done" : "refused")}",
    };

    private static string Text(ulong? version)
        => version?.ToString(CultureInfo.InvariantCulture) ?? "unknown";
}

/// <summary>
/// Histories as JSON lines, one operation each, so that checkers of others can read them: docs/testing.md has
/// the fields.
/// </summary>
public static class HistoryFile
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static void Write(TextWriter target, IEnumerable<HistoryEntry> history)
    {
        foreach (var entry in history)
        {
            target.WriteLine(JsonSerializer.Serialize(entry, Format));
        }
    }

    /// <exception cref="FormatException">A line is not an operation; the message names it.</exception>
    public static IReadOnlyList<HistoryEntry> Read(TextReader source)
    {
        List<HistoryEntry> history = [];
        for (var number = 1; source.ReadLine() is { } line; number++)
        {
            try
            {
                history.Add(JsonSerializer.Deserialize<HistoryEntry>(line, Format)
                    ?? throw new FormatException($"line {number}: it is null"));
            }
            catch (JsonException exception)
            {
                throw new FormatException($"line {number}: {exception.Message}", exception);
            }
        }

        return history;
    }
}
