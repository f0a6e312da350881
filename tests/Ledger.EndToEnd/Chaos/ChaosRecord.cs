using System.Collections.Concurrent;
using System.Globalization;
using Ledger.EndToEnd.Harness;
using Ledger.Simulation;
using HistoryEntry = Ledger.Simulation.HistoryEntry;

namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// What a run leaves behind when it fails: its seed and rounds, the clients' history, what the nodes said.
/// </summary>
internal sealed class ChaosRecord(int seed)
{
    private readonly ConcurrentQueue<string> _log = new();

    public string Folder { get; } = Path.Combine(
        AppContext.BaseDirectory, "chaos", seed.ToString(CultureInfo.InvariantCulture));

    /// <summary>For the log only.</summary>
    public void Note(string text) => _log.Enqueue($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {text}");

    /// <summary>For whoever reads the test's output, too.</summary>
    public void Print(string text)
    {
        Note(text);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
    }

    public void Keep(IReadOnlyList<HistoryEntry> history, IReadOnlyList<TestNode> nodes)
    {
        Directory.CreateDirectory(Folder);
        using (var file = File.CreateText(Path.Combine(Folder, "history.jsonl")))
        {
            HistoryFile.Write(file, history);
        }

        foreach (var node in nodes)
        {
            Note($"{node.Name} said last:\n{node.Process.Output}{node.Process.Errors}");
        }

        File.WriteAllLines(Path.Combine(Folder, "log.txt"), _log);
        Print($"The history and the log are in {Folder}");
    }
}
