namespace Ledger.Simulation.Tests;

/// <summary>Runs on paper: written, read, damaged; and made smaller.</summary>
public sealed class TraceTests
{
    private static readonly SimulationOptions Options = new() { Seed = 11, Steps = 300, Clients = 1 };

    [Fact]
    public void A_trace_is_read_back_as_it_was_written()
    {
        var read = TraceFile.Read(new StringReader(Written()));
        Assert.Equal(Options.Seed, read.Options.Seed);
        Assert.Equal(Options.Faults, read.Options.Faults);
        Assert.NotEmpty(read.Events);
        Assert.All(read.Events, line => Assert.Equal(line, TraceFile.LineOf(TraceFile.EventOf(line))));
    }

    [Fact]
    public void A_trace_gives_the_same_run_again()
    {
        var read = TraceFile.Read(new StringReader(Written()));
        List<string> again = [];
        Simulator.Run(read.Options, happened => again.Add(TraceFile.LineOf(happened)));
        Assert.Equal(read.Events, again);
    }

    [Theory]
    [InlineData("", "not a simulation's trace")]
    [InlineData("hello\n", "not a simulation's trace")]
    [InlineData("ledger-simulation-trace 99\n", "version '99'")]
    public void What_is_no_trace_of_this_version_is_refused(string text, string words)
        => Assert.Contains(
            words, Assert.Throws<TraceException>(() => TraceFile.Read(new StringReader(text))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_damaged_trace_is_refused()
    {
        var text = Written();
        var flipped = text.Replace("PREPARE", "PREPARF", StringComparison.Ordinal);
        Assert.Contains("checksum", Fault(flipped), StringComparison.Ordinal);
        Assert.Contains("its end is missing", Fault(text[..(text.Length / 2)]), StringComparison.Ordinal);
        Assert.Contains("checksum", Fault(
            text.Replace("\"seed\":11", "\"seed\":12", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_failing_run_is_made_smaller_and_fails_alike()
    {
        SimulationOptions options = new() { Seed = 1, Byzantine = 2, Steps = 3000 };
        var failing = Enumerable.Range(1, 50)
            .Select(seed => Simulator.Run(options with { Seed = (ulong)seed }))
            .First(result => result.Breach is not null);
        var shrinker = new Shrinker(candidate => Simulator.Run(candidate), runsMax: 60);
        var smallest = shrinker.Shrink(failing);

        Assert.Equal(failing.Breach!.Name, smallest.Breach!.Name);
        Assert.True(smallest.Steps < failing.Steps || smallest.Injections < failing.Injections);
        Assert.InRange(shrinker.Runs, 1, 60);
    }

    [Fact]
    public void A_message_is_drawn_as_an_arrow_from_lane_to_lane()
        => Assert.Equal(
            [
                "          ms  R0   R1   R2   ",
                "       1.500  o--------->    PREPARE v0 h1",
                "       2.000  |    #    |    final: h1",
                "       3.000  |    <----o    COMMIT v0 h1",
            ],
            MessageDiagram.Draw(
                [
                    new(TimeSpan.FromMilliseconds(1.5), TraceKind.Arrives, 2, 0, "PREPARE v0 h1"),
                    new(TimeSpan.FromMilliseconds(2), TraceKind.Final, 1, -1, "h1"),
                    new(TimeSpan.FromMilliseconds(3), TraceKind.Arrives, 1, 2, "COMMIT v0 h1"),
                ],
                hosts: 3));

    [Theory]
    [InlineData("all", true, "")]
    [InlineData("none", true, "")]
    [InlineData("loss,one-way", true, "")]
    [InlineData("loss,frogs", false, "frogs")]
    [InlineData("Loss", false, "Loss")]
    public void Faults_are_read_by_name(string text, bool isKnown, string unknown)
    {
        Assert.Equal(isKnown, FaultSet.TryParse(text, out var faults, out var word));
        Assert.Equal(unknown, word);
        if (isKnown)
        {
            Assert.Equal(text, faults.ToString());
        }
    }

    private static string Fault(string text)
        => Assert.Throws<TraceException>(() => TraceFile.Read(new StringReader(text))).Message;

    private static string Written()
    {
        List<string> events = [];
        Simulator.Run(Options, happened => events.Add(TraceFile.LineOf(happened)));
        StringWriter file = new();
        new TraceFile(Options, events).Write(file);
        return file.ToString();
    }
}
