namespace Ledger.Simulation.Tests;

/// <summary>The checker itself, on histories whose answer is known.</summary>
public sealed class LinearizabilityTests
{
    [Fact]
    public void No_history_is_linearizable() => Check(null);

    [Fact]
    public void A_get_sees_the_last_put()
        => Check(null, Put(0, 1, "a", 1), Get(2, 3, "a", 1), Put(4, 5, "b", 2), Get(6, 7, "b", 2));

    [Fact]
    public void A_get_sees_nothing_before_any_put() => Check(null, Get(0, 1, null, 0), Put(2, 3, "a", 1));

    [Fact]
    public void A_get_that_misses_a_finished_put_is_found()
        => Check("x", Put(0, 1, "a", 1), Get(2, 3, null, 0));

    [Fact]
    public void A_get_that_sees_what_was_overwritten_is_found()
        => Check("x", Put(0, 1, "a", 1), Put(2, 3, "b", 2), Get(4, 5, "a", 1));

    [Fact]
    public void A_get_that_sees_what_nobody_wrote_is_found()
        => Check("x", Put(0, 1, "a", 1), Get(2, 3, "c", 9));

    [Fact]
    public void Gets_that_overlap_a_put_may_see_either_side_of_it()
        => Check(null, Put(0, 1, "a", 1), Put(2, 9, "b", 2), Get(3, 4, "a", 1), Get(5, 6, "b", 2));

    [Fact]
    public void Gets_that_see_a_put_and_then_its_past_are_found()
        => Check("x", Put(0, 1, "a", 1), Put(2, 9, "b", 2), Get(3, 4, "b", 2), Get(5, 6, "a", 1));

    [Fact]
    public void A_put_without_an_answer_may_have_happened()
        => Check(null, Put(0, 1, "a", 1), Put(2, null, "b", null), Get(5, 6, "b", 2));

    [Fact]
    public void A_put_without_an_answer_may_happen_late()
        => Check(null, Put(0, 1, "a", 1), Put(2, null, "b", null), Get(5, 6, "a", 1), Get(7, 8, "b", 2));

    [Fact]
    public void A_put_without_an_answer_need_not_happen()
        => Check(null, Put(0, 1, "a", 1), Put(2, null, "b", null), Get(5, 6, "a", 1));

    [Fact]
    public void A_put_without_an_answer_does_not_happen_twice()
        => Check("x", Put(0, null, "b", null), Get(1, 2, "b", 1), Put(3, 4, "a", 2), Get(5, 6, "b", 3));

    [Fact]
    public void Of_two_that_compare_and_set_one_version_one_succeeds()
        => Check(null, Put(0, 1, "a", 1), Set(2, 9, 1, "b", 2, true), Set(3, 8, 1, "c", null, false), Get(
            10, 11, "b", 2));

    [Fact]
    public void Two_that_both_compare_and_set_one_version_are_found()
        => Check("x", Put(0, 1, "a", 1), Set(2, 9, 1, "b", 2, true), Set(3, 8, 1, "c", 3, true));

    [Fact]
    public void A_compare_and_set_refused_at_the_right_version_is_found()
        => Check("x", Put(0, 1, "a", 1), Set(2, 3, 1, "b", null, false));

    [Fact]
    public void A_compare_and_set_may_create_a_key()
        => Check(null, Set(0, 1, 0, "a", 1, true), Get(2, 3, "a", 1));

    [Fact]
    public void Keys_are_judged_one_by_one()
        => Check("y", Put(0, 1, "a", 1), Put(0, 1, "a", 1) with { Key = "y" },
            Get(2, 3, null, 0) with { Key = "y" });

    /// <summary>A search that forgets what it has tried would not end: 2 to the 30th orders.</summary>
    [Fact]
    public void Many_that_overlap_are_judged_at_once()
    {
        List<HistoryEntry> history =
            [.. Enumerable.Range(0, 30).Select(i => Put(0, 100, $"v{i}", (ulong)i + 1))];
        Assert.Null(LinearizabilityChecker.FindViolation(history));
        history.Add(Get(200, 201, "never", 99));
        history.RemoveRange(0, 18);
        Assert.Equal("x", LinearizabilityChecker.FindViolation(history));
    }

    [Fact]
    public void A_history_is_read_back_as_it_was_written()
    {
        HistoryEntry[] history = [Put(0, 1, "a", 1), Set(2, null, 1, "b", null, null), Get(3, 4, null, 0)];
        StringWriter file = new();
        HistoryFile.Write(file, history);
        Assert.StartsWith(
            """{"client":0,"action":"put","key":"x","value":"a","invoked":0,"returned":1,"applied":true,"version":1}""",
            file.ToString(), StringComparison.Ordinal);
        Assert.Equal(history, HistoryFile.Read(new StringReader(file.ToString())));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("""{"client":0}""")]
    [InlineData("null")]
    public void A_line_that_is_no_operation_is_named(string line)
    {
        StringWriter file = new();
        HistoryFile.Write(file, [Put(0, 1, "a", 1)]);
        var fault = Assert.Throws<FormatException>(() => HistoryFile.Read(new StringReader(file + line)));
        Assert.StartsWith("line 2:", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_run_records_is_linearizable_and_stale_when_a_get_is_made_to_lie()
    {
        using var simulator = new Simulator(new() { Seed = 3, Faults = FaultSet.None, Byzantine = 0 });
        Assert.Null(simulator.Run().Breach);
        var history = simulator.Recorded;
        Assert.True(history.Count > 20);
        Assert.Null(LinearizabilityChecker.FindViolation(history));

        var late = history.Last(entry => entry is { Action: KeyAction.Get, Version: > 3 });
        Assert.Equal(
            late.Key,
            LinearizabilityChecker.FindViolation(
                [.. history.Where(entry => entry != late), late with { Seen = "stale", Version = 1 }]));
    }

    private static void Check(string? expected, params HistoryEntry[] history)
        => Assert.Equal(expected, LinearizabilityChecker.FindViolation(history));

    private static HistoryEntry Put(long from, long? to, string value, ulong? version)
        => Entry(KeyAction.Put, from, to) with
        {
            Value = value,
            Applied = to is null
            ? null : true,
            Version = version
        };

    private static HistoryEntry Set(
        long from, long? to, ulong expected, string value, ulong? version, bool? applied)
        => Entry(KeyAction.CompareAndSet, from, to) with
        {
            Value = value,
            Expected = expected,
            Version = version,
            Applied = applied,
        };

    private static HistoryEntry Get(long from, long to, string? seen, ulong version)
        => Entry(KeyAction.Get, from, to) with { Applied = true, Seen = seen, Version = version };

    private static HistoryEntry Entry(KeyAction action, long from, long? to)
        => new() { Client = 0, Action = action, Key = "x", Invoked = from, Returned = to };
}
