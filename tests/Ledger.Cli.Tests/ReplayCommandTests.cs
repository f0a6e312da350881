using System.Buffers;
using Ledger.Cli.Shell;
using Ledger.Consensus;
using Ledger.Consensus.Flight;
using Ledger.Core;
using Ledger.Simulation;

namespace Ledger.Cli.Tests;

/// <summary>
/// <c>ledger replay</c>: what is whole is shown and checked, what is not is refused in words.
/// </summary>
public sealed class ReplayCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_trace_is_shown_event_by_event_and_found_to_be_the_same()
    {
        var trace = await TraceAsync();
        var said = await Tool.RunAsync("replay", trace, "--from", "10", "--count", "5");
        Assert.Equal(ExitCode.Done, said.Exit);
        Assert.Equal(6, said.Output.TrimEnd().Split('\n').Length);
        Assert.Contains("as the trace has them; all invariants held", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_json_an_event_is_a_line()
    {
        var said = await Tool.RunAsync("replay", await TraceAsync(), "--count", "1", "--json");
        Assert.Equal(ExitCode.Done, said.Exit);
        Assert.NotNull(said.Json["kind"]);
        Assert.NotNull(said.Json["text"]);
    }

    [Fact]
    public async Task A_trace_of_another_version_is_refused()
    {
        var text = await File.ReadAllTextAsync(await TraceAsync(), TestContext.Current.CancellationToken);
        var newer = _folder.Write("newer", text.Replace("-trace 2", "-trace 3", StringComparison.Ordinal));
        Tool.AssertRefused(
            await Tool.RunAsync("replay", newer), ExitCode.Failed,
                "it is of version '3'; this program reads version 2");
    }

    [Fact]
    public async Task A_damaged_trace_is_refused()
    {
        var text = await File.ReadAllTextAsync(await TraceAsync(), TestContext.Current.CancellationToken);
        var cut = _folder.Write("cut", text[..^100]);
        Tool.AssertRefused(await Tool.RunAsync("replay", cut), ExitCode.Failed,
            "it is damaged: its end is missing");
        var changed = _folder.Write("changed", text.Replace("PREPARE", "PREPARY", StringComparison.Ordinal));
        Tool.AssertRefused(await Tool.RunAsync("replay", changed), ExitCode.Failed,
            "its checksum does not fit");
    }

    [Fact]
    public async Task A_trace_that_this_program_does_not_do_again_fails_and_names_the_event()
    {
        TraceFile trace;
        using (StreamReader reader = new(await TraceAsync()))
        {
            trace = TraceFile.Read(reader);
        }

        var other = _folder.Sub("other");
        await using (StreamWriter writer = new(other))
        {
            (trace with { Events = [.. trace.Events.Take(20), .. trace.Events.Skip(21)] }).Write(writer);
        }

        var said = await Tool.RunAsync("replay", other, "--count", "1");
        Assert.Equal(ExitCode.Failed, said.Exit);
        Assert.Contains("from event 20 on this program does something else", said.Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "it is not a simulation's trace")]
    [InlineData("ledger-flight-recording 2\n", "it is of version '2'; this program reads version 1")]
    [InlineData("ledger-flight-recording 1\n", "nothing was recorded yet")]
    public async Task What_is_neither_trace_nor_recording_is_refused(string text, string words)
        => Tool.AssertRefused(await Tool.RunAsync("replay", _folder.Write("file", text)), ExitCode.Failed,
            words);

    [Fact]
    public async Task What_is_not_there_is_refused()
    {
        Tool.AssertRefused(await Tool.RunAsync("replay", _folder.Sub("none")), ExitCode.Failed,
            "there is no file");
        Tool.AssertRefused(await Tool.RunAsync("replay", _folder.Path), ExitCode.Failed,
            "holds no flight recording");
    }

    [Fact]
    public async Task All_recordings_of_a_data_folder_are_run_again()
    {
        Record("00000001.rec", 1);
        Record("00000002.rec", 2);
        var said = await Tool.RunAsync("replay", _folder.Path);
        Assert.True(said.Exit == ExitCode.Done, said.Error);
        Assert.Equal(2, said.Output.Split("starts: may speak").Length - 1);
        Assert.Contains("turns of R0 of chain 'test'", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_torn_end_is_left_out_with_a_word()
    {
        var whole = Record("00000001.rec", 1);
        await File.WriteAllBytesAsync(
            _folder.Sub("torn"), (await File.ReadAllBytesAsync(whole,
                TestContext.Current.CancellationToken))[..^3],
            TestContext.Current.CancellationToken);
        var said = await Tool.RunAsync("replay", _folder.Sub("torn"), "--count", "1");
        Assert.Equal(ExitCode.Done, said.Exit);
        Assert.Contains("are no whole turn and are left out", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_recording_is_refused()
    {
        var bytes = await File.ReadAllBytesAsync(Record("00000001.rec", 1),
            TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(_folder.Sub("damaged"), bytes, TestContext.Current.CancellationToken);
        Tool.AssertRefused(
            await Tool.RunAsync("replay", _folder.Sub("damaged")), ExitCode.Failed, "it is damaged at byte ");
    }

    [Fact]
    public async Task An_engine_that_wants_something_else_today_is_said_to()
    {
        var bytes = await File.ReadAllBytesAsync(Record("00000001.rec", 1),
            TestContext.Current.CancellationToken);
        var recording = FlightRecording.Read(bytes);
        ArrayBufferWriter<byte> other = new();
        FlightFrames.WriteStart(other, recording.Start);
        foreach (var turn in recording.Turns)
        {
            // As if the engine had wanted nothing then.
            FlightFrames.WriteTurn(other, turn.Number, turn.At, EngineTurn.Of(turn.Inputs, new()));
        }

        await File.WriteAllBytesAsync(
            _folder.Sub("other"), other.WrittenSpan.ToArray(), TestContext.Current.CancellationToken);
        var said = await Tool.RunAsync("replay", _folder.Sub("other"), "--count", "1");
        Assert.Equal(ExitCode.Failed, said.Exit);
        Assert.Matches("^error: from turn [0-9]+ on this program does something else than was recorded; ",
            said.Error);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> TraceAsync()
    {
        var trace = _folder.Sub("run.trace");
        var said = await Tool.RunAsync("simulate", "--seed", "11", "--steps", "300", "--trace", trace);
        Assert.Equal(ExitCode.Done, said.Exit);
        return trace;
    }

    /// <summary>The first life of R0 in a simulated run, where a node would have recorded it.</summary>
    private string Record(string name, ulong seed)
    {
        Recorder? first = null;
        using Simulator simulator = new(
            new() { Seed = seed, Steps = 300, Faults = FaultSet.None, Byzantine = 0 },
            recorders: self => self.Value == 0 ? first ??= new(self) : new Recorder(self));
        simulator.Run();
        var path = Path.Combine(Directory.CreateDirectory(_folder.Sub("flight")).FullName, name);
        File.WriteAllBytes(path, first!.Written.WrittenSpan);
        return path;
    }

    private sealed class Recorder(ValidatorIndex self) : IFlightRecorder
    {
        private ulong _turns;

        public ArrayBufferWriter<byte> Written { get; } = new();

        public void Begin(IEngine engine)
        {
            if (Written.WrittenCount == 0)
            {
                FlightFrames.WriteStart(Written, FlightStart.Of(new("test", default, self, 4, "0.0.0"),
                    engine));
            }
        }

        public void End(IReadOnlyList<Input> inputs, Effects effects)
            => FlightFrames.WriteTurn(Written, ++_turns, new(0), EngineTurn.Of(inputs, effects));
    }
}
