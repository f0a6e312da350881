using System.Buffers;
using Ledger.Consensus;
using Ledger.Consensus.Flight;
using Ledger.Core;

namespace Ledger.Simulation.Tests;

/// <summary>
/// Whatever befell a validator, its engine does the same again from any moment on, given its recording: in
/// all lives of all validators of runs with every fault.
/// </summary>
public sealed class FlightTests
{
    [Theory]
    [InlineData("pbft", 4, 1)]
    [InlineData("pbft", 7, 2)]
    [InlineData("pbft", 5, 3)]
    [InlineData("pbft", 1, 4)]
    [InlineData("raft", 3, 1)]
    [InlineData("raft", 5, 2)]
    public void Every_life_is_lived_again_from_its_recording(string engine, int nodes, ulong seed)
    {
        List<TurnKeeper> lives = [];
        using Simulator simulator = new(
            new() { Engine = engine, Nodes = nodes, Seed = seed }, recorders: self =>
            {
                lives.Add(new(self, nodes));
                return lives[^1];
            });
        Assert.Null(simulator.Run().Breach);
        Assert.NotEmpty(lives);
        foreach (var recording in lives.SelectMany(life => life.Recordings()))
        {
            var read = FlightRecording.Read(recording);
            Assert.NotEmpty(read.Turns);
            Assert.Equal(0, read.TornBytes);
            Assert.All(FlightReplay.Run(read), turn => Assert.True(turn.IsSame, $"turn {turn.Turn.Number}"));
        }
    }

    [Fact]
    public void Recording_changes_nothing()
    {
        SimulationOptions options = new() { Seed = 6 };
        using Simulator recorded = new(options, recorders: self => new TurnKeeper(self, options.Nodes));
        Assert.Equal(Simulator.Run(options).TraceHash, recorded.Run().TraceHash);
    }

    [Fact]
    public void An_engine_that_is_given_something_else_is_seen_to_want_something_else()
    {
        TurnKeeper? keeper = null;
        using Simulator simulator = new(new() { Seed = 1 }, recorders: self => keeper ??= new(self, 4));
        simulator.Run();
        var recording = FlightRecording.Read(keeper!.Recordings().First());
        var dumb = recording with { Turns = [.. recording.Turns.Select(turn => turn with { Inputs = [] })] };
        Assert.Contains(FlightReplay.Run(dumb), turn => !turn.IsSame);
    }

    [Fact]
    public void A_recording_reads_like_a_simulated_run()
    {
        TurnKeeper? keeper = null;
        using Simulator simulator = new(
            new() { Seed = 1, Faults = FaultSet.None, Byzantine = 0 },
            recorders: self => self.Value == 1 ? keeper ??= new(self, 4) : new TurnKeeper(self, 4));
        simulator.Run();
        var recording = FlightRecording.Read(keeper!.Recordings().First());
        var events = FlightReplay.Run(recording)
            .SelectMany(turn => FlightTrace.EventsOf(new(1), turn, default));
        var drawn = string.Join('\n', MessageDiagram.Draw(events, 4));
        Assert.Contains("o---->    |    |    PRE-PREPARE v0 h1", drawn, StringComparison.Ordinal);
        Assert.Contains("says PREPARE v0 h1", drawn, StringComparison.Ordinal);
        Assert.Contains("decides h1", drawn, StringComparison.Ordinal);
        Assert.Contains("final: h1", drawn, StringComparison.Ordinal);
    }

    /// <summary>
    /// Begins a new recording every few turns, so that engines are drawn in the midst of everything.
    /// </summary>
    private sealed class TurnKeeper(ValidatorIndex self, int validators) : IFlightRecorder
    {
        private const int TurnsEach = 97;

        private readonly List<ArrayBufferWriter<byte>> _recordings = [];
        private ulong _turns;

        public void Begin(IEngine engine)
        {
            if (_turns % TurnsEach == 0)
            {
                _recordings.Add(new());
                FlightFrames.WriteStart(
                    _recordings[^1], FlightStart.Of(new("test", default, self, validators, "0"), engine));
            }
        }

        public void End(IReadOnlyList<Input> inputs, Effects effects)
            => FlightFrames.WriteTurn(_recordings[^1], ++_turns, new(0), EngineTurn.Of(inputs, effects));

        public IEnumerable<ReadOnlyMemory<byte>> Recordings()
            => _recordings.Select(written => written.WrittenMemory);
    }
}
