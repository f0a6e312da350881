using System.Globalization;

namespace Ledger.Simulation.Tests.Broken;

/// <summary>
/// The table of broken rules in docs/testing-simulation.md. A run that is asked to writes it anew, searching
/// each rule from seed 1; every other run tries the seed that the table names first.
/// </summary>
internal static class RuleTable
{
    /// <summary>Where to write the table; unset: nowhere.</summary>
    private const string Variable = "LEDGER_BROKEN_RULES_TABLE";

    private static readonly Lock WriteLock = new();
    private static readonly Lazy<IReadOnlyDictionary<string, int>> Seeds = new(Read);

    private static string? Target
        => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : null;

    /// <summary>The seed that found it when the table was written, if it names one.</summary>
    public static int? SeedOf(string rule)
        => Target is null && Seeds.Value.TryGetValue(rule, out var seed) ? seed : null;

    public static void Add(string rule, int seed, int allowed, string breach)
    {
        if (Target is { } path)
        {
            var invariant = breach[..breach.IndexOf(':', StringComparison.Ordinal)];
            lock (WriteLock)
            {
                File.AppendAllText(
                    path, string.Create(
                        CultureInfo.InvariantCulture, $"| {rule} | {invariant} | {seed} | {allowed} |\n"));
            }
        }
    }

    private static Dictionary<string, int> Read()
    {
        Dictionary<string, int> seeds = [];
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs", "testing-simulation.md")))
        {
            if (line.Split('|', StringSplitOptions.TrimEntries) is [_, var rule, _, var seed, _, _]
                && int.TryParse(seed, CultureInfo.InvariantCulture, out var number))
            {
                seeds[rule] = number;
            }
        }

        return seeds;
    }
}
