using System.Globalization;
using Ledger.Core;

namespace Ledger.Storage.Tests;

/// <summary>
/// What was acknowledged is there after the process was killed at any moment, and it fits together.
/// </summary>
public sealed class CrashTests : IDisposable
{
    private const int Rounds = 4;
    private const int MoreThanAnyoneReads = 100_000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_acknowledged_block_survives_a_kill()
    {
        var chance = new Random(1);
        for (var round = 0; round < Rounds; round++)
        {
            using var appender = new AppenderProcess(Appender.Ledger, _folder.Path, MoreThanAnyoneReads);
            appender.KillAfter(chance.Next(1, 60));

            SampleChain.AssertWhole(_folder.Path, appender.Last);
        }
    }

    [Fact]
    public void Every_acknowledged_record_survives_a_kill()
    {
        var chance = new Random(2);
        for (var round = 0; round < Rounds; round++)
        {
            using var appender = new AppenderProcess(Appender.Journal, _folder.Path, MoreThanAnyoneReads);
            appender.KillAfter(chance.Next(1, 60));

            AssertRecords(appender.Last);
        }
    }

    private void AssertRecords(ulong acknowledged)
    {
        using var journal = ConsensusJournal.Open(_folder.Path, Sample.Genesis, Sample.Validator);
        var numbers = Sample.Texts(journal.ReadAll())
            .Select(text => ulong.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(numbers[^1] >= acknowledged);
        Assert.True(numbers[0] == 1 || numbers[0] % Appender.ReplaceEvery == 0);
        Assert.Equal(Enumerable.Range(0, numbers.Length).Select(i => numbers[0] + (ulong)i), numbers);
    }
}
