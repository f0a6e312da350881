using System.Collections.Concurrent;
using System.Globalization;
using Ledger.Core;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Flight;
using Ledger.Simulation;
using HistoryEntry = Ledger.Simulation.HistoryEntry;

namespace Ledger.EndToEnd.Chaos;

/// <summary>
/// What a run leaves behind when it fails: its seed and rounds, the clients' history, what the nodes said,
/// and their flight recordings, which <c>ledger replay</c> runs again.
/// </summary>
internal sealed class ChaosRecord(ConsensusMode mode, int seed)
{
    private readonly ConcurrentQueue<string> _log = new();

    public string Folder { get; } = Path.Combine(
        AppContext.BaseDirectory, "chaos", string.Create(CultureInfo.InvariantCulture, $"{mode}-{seed}"));

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
            var flight =
                Directory.CreateDirectory(Path.Combine(Folder, node.Name, FlightFolder.Name)).FullName;
            foreach (var recording in FlightFolder.In(node.DataPath))
            {
                File.Copy(recording, Path.Combine(flight, Path.GetFileName(recording)), overwrite: true);
            }
        }

        File.WriteAllLines(Path.Combine(Folder, "log.txt"), _log);
        Print($"The history and the log are in {Folder}");
    }
}
