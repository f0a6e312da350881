using System.Buffers;
using Ledger.Consensus;
using Ledger.Consensus.Flight;
using Ledger.Consensus.Pbft;
using Ledger.Core;

namespace Ledger.Simulation.Tests;

/// <summary>
/// A recording that a crash has cut is used as far as it goes; one that lies is refused in words.
/// </summary>
public sealed class FlightFileTests
{
    private static readonly byte[] Whole = Record();

    [Fact]
    public void A_recording_that_is_cut_anywhere_gives_its_whole_turns()
    {
        var all = FlightRecording.Read(Whole);
        Assert.Equal(0, all.TornBytes);
        var previous = 0;
        for (var length = FirstTurn(); length < Whole.Length; length += 7)
        {
            var cut = FlightRecording.Read(Whole.AsMemory(0, length));
            Assert.InRange(cut.Turns.Count, previous, all.Turns.Count - 1);
            previous = cut.Turns.Count;
            Assert.All(FlightReplay.Run(cut), turn => Assert.True(turn.IsSame));
        }

        Assert.True(previous > 10);
    }

    [Fact]
    public void An_end_that_the_file_system_never_filled_is_torn_and_not_damaged()
    {
        var zeros = FlightRecording.Read(Whole.Concat(new byte[512]).ToArray());
        Assert.Equal(512, zeros.TornBytes);
    }

    [Fact]
    public void A_recording_that_ends_before_the_engine_does_is_said_to_be_empty()
        => AssertRefused(Whole[..(FirstTurn() - 1)], "nothing was recorded yet");

    [Fact]
    public void A_flipped_bit_is_found_and_its_place_named()
    {
        for (var at = FlightFrames.Magic.Length + 2; at < Whole.Length; at += 101)
        {
            var damaged = (byte[])Whole.Clone();
            damaged[at] ^= 0x10;

            // A length that now reaches beyond the end looks like a torn frame; nothing else passes for
            // whole.
            try
            {
                Assert.True(FlightRecording.Read(damaged).TornBytes > 0, $"byte {at}");
            }
            catch (FlightException fault)
            {
                Assert.Matches("damaged at byte [0-9]+|nothing was recorded", fault.Message);
            }
        }
    }

    [Fact]
    public void What_is_no_recording_is_refused()
    {
        AssertRefused([], "not a flight recording");
        AssertRefused("ledger-simulation-trace 1\n"u8.ToArray(), "not a flight recording");
    }

    [Fact]
    public void A_recording_of_a_newer_version_is_refused()
    {
        var newer = (byte[])Whole.Clone();
        newer[FlightFrames.Magic.Length] = (byte)'2';
        AssertRefused(newer, "version '2'; this program reads version 1");
    }

    [Fact]
    public void A_recording_of_an_engine_that_is_built_otherwise_is_refused_and_its_program_named()
    {
        var start = FlightRecording.Read(Whole).Start;
        ArrayBufferWriter<byte> other = new();
        FlightFrames.WriteStart(other, start with { Shape = new(new byte[32]) });
        AssertRefused(other.WrittenSpan.ToArray(), "replay it with the version that recorded it, 9.9.9");
    }

    [Fact]
    public void A_recording_holds_blocks_without_their_transactions()
    {
        var inputs = FlightRecording.Read(Whole).Turns.SelectMany(turn => turn.Inputs);
        var blocks = inputs.Select(BlockIn).OfType<Block>().ToList();
        Assert.Contains(blocks, block => block.Encoded.Length > 0);
        Assert.All(blocks, block => Assert.Empty(block.Transactions));
        Assert.All(blocks, block => Assert.Equal(-1, block.Encoded.Span.IndexOfAnyExcept((byte)0)));
    }

    private static Block? BlockIn(Input input) => input switch
    {
        Input.Proposed proposed => proposed.Block,
        Input.Received { Verified.Message: PrePrepare proposal } => proposal.Block,
        _ => null,
    };

    private static void AssertRefused(byte[] recording, string why)
    {
        var fault = Assert.Throws<FlightException>(() => FlightRecording.Read(recording));
        Assert.Contains(why, fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Where the first turn's frame begins.</summary>
    private static int FirstTurn()
    {
        ArrayBufferWriter<byte> start = new();
        FlightFrames.WriteStart(start, FlightRecording.Read(Whole).Start);
        return start.WrittenCount;
    }

    private static byte[] Record()
    {
        MemoryRecorder? first = null;
        using Simulator simulator = new(
            new() { Seed = 2, Steps = 300 },
            recorders: self => first is null ? first = new(self) : new MemoryRecorder(self));
        simulator.Run();
        return first!.Written.WrittenSpan.ToArray();
    }

    private sealed class MemoryRecorder(ValidatorIndex self) : IFlightRecorder
    {
        private ulong _turns;

        public ArrayBufferWriter<byte> Written { get; } = new();

        public void Begin(IEngine engine)
        {
            if (Written.WrittenCount == 0)
            {
                FlightFrames.WriteStart(
                    Written, FlightStart.Of(new("test", default, self, 4, "9.9.9"), engine));
            }
        }

        public void End(IReadOnlyList<Input> inputs, Effects effects)
            => FlightFrames.WriteTurn(Written, ++_turns, new(0), EngineTurn.Of(inputs, effects));
    }
}
