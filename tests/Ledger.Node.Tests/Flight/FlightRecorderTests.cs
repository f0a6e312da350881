using System.Collections.Concurrent;
using Ledger.Consensus;
using Ledger.Consensus.Flight;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Flight;
using Ledger.Node.Tests.Transport;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Tests.Flight;

/// <summary>
/// The recorder keeps the last of what happened, within its bytes, and never harms who it records.
/// </summary>
public sealed class FlightRecorderTests : ILogger<FlightRecorder>, IDisposable
{
    private const int Megabytes = 1;
    private const int LongWords = 20_000;

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TestChain _chain = new(4);

    [Fact]
    public async Task Recorded_turns_are_there_in_order_and_run_again_alike()
    {
        await RecordAsync(turns: 50, words: 10);

        var recording = FlightRecording.Read(await ReadAsync(Assert.Single(Files())));
        Assert.Equal(Enumerable.Range(1, 50), recording.Turns.Select(turn => (int)turn.Number));
        Assert.Equal("test", recording.Start.Source.ChainId);
        Assert.All(FlightReplay.Run(recording), turn => Assert.True(turn.IsSame));
        Assert.True(_log.IsEmpty, string.Join(" | ", _log));
    }

    [Fact]
    public async Task The_folder_never_holds_more_than_its_bytes_and_what_it_holds_is_the_latest()
    {
        for (var start = 0; start < 20; start++)
        {
            await RecordAsync(turns: 8, words: LongWords);
            Assert.InRange(Files().Sum(file => new FileInfo(file).Length), 1, Megabytes << 20);
        }

        Assert.True(_log.IsEmpty, string.Join(" | ", _log));
        Assert.InRange(Files().Count, 8, 15);
        Assert.EndsWith("00000020.rec", Files()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Turns_that_come_faster_than_they_are_written_leave_a_gap_and_no_lie()
    {
        await RecordAsync(turns: 5_000_000, words: LongWords / 4, isEnough: () => Files().Count > 2);

        Assert.True(_log.IsEmpty, string.Join(" | ", _log));
        Assert.InRange(Files().Count, 2, 5);
        ulong before = 0;
        foreach (var file in Files())
        {
            var recording = FlightRecording.Read(await ReadAsync(file));
            Assert.All(FlightReplay.Run(recording), turn => Assert.True(turn.IsSame));
            foreach (var turn in recording.Turns)
            {
                Assert.True(turn.Number > before);
                before = turn.Number;
            }
        }
    }

    [Fact]
    public async Task A_node_that_starts_again_and_again_leaves_few_files_and_keeps_the_newest()
    {
        for (var start = 0; start < 20; start++)
        {
            await RecordAsync(turns: 1, words: 10);
        }

        Assert.True(_log.IsEmpty, string.Join(" | ", _log));
        Assert.Equal(16, Files().Count);
        Assert.EndsWith("00000020.rec", Files()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_fails_stops_the_recorder_with_one_line_and_nothing_else()
    {
        await File.WriteAllTextAsync(_folder.Sub(FlightFolder.Name), "in the way");

        await RecordAsync(turns: 600, words: 10);

        Assert.StartsWith(
            "The flight recorder has stopped and the node goes on: ", Assert.Single(_log),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_cannot_be_drawn_stops_the_recorder_and_nothing_else()
    {
        await using (var recorder = Start())
        {
            recorder.Begin(new Foreign());
            recorder.End([new Input.Started()], new());
        }

        Assert.Contains("does not know how to keep", Assert.Single(_log), StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Recordings_are_for_the_nodes_user_alone()
    {
        await RecordAsync(turns: 1, words: 10);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Assert.Single(Files())));
    }

    public void Dispose() => _folder.Dispose();

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
        => _log.Enqueue(formatter(state, exception));

    private static Task<byte[]> ReadAsync(string file)
        => File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);

    private IReadOnlyList<string> Files() => FlightFolder.In(_folder.Path);

    private FlightRecorder Start() => new(
        () => new("test", _chain.Genesis, new(0), 4, "0.0.0"), _folder.Path, Megabytes, new ManualClock(),
        this);

    /// <summary>Turns of one input each, whose words make it as long as the test likes.</summary>
    private async Task RecordAsync(int turns, int words, Func<bool>? isEnough = null)
    {
        await using var recorder = Start();
        PbftEngine engine = new(
            new(0, _chain.Validators, new(View.Zero, Height.Genesis, _chain.Genesis)), new(0),
            PbftOptions.Default,
            new(_chain.Genesis, [_chain.Genesis], Height.Genesis));
        for (var turn = 0; turn < turns && (turn % 1000 > 0 || isEnough?.Invoke() != true); turn++)
        {
            Input input = turn % 2 == 0
                ? new Input.WorkPending(turn % 4 == 0)
                : new Input.Judged(Digest.Zero, new string('x', words));
            recorder.Begin(engine);
            Effects effects = new();
            engine.Step(input, effects);
            recorder.End([input], effects);
        }
    }

    private sealed class Foreign : IEngine
    {
        public void Step(Input input, Effects effects) => throw new NotSupportedException();

        public void Replay(JournalRecord record) => throw new NotSupportedException();
    }
}
