using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Consensus;

namespace Ledger.Node.Tests.Consensus;

/// <summary>What a node remembers of its last moments, for whoever asks why it does not go on.</summary>
public sealed class ConsensusDiaryTests
{
    private readonly ManualClock _clock = new();
    private readonly ConsensusDiary _diary;

    public ConsensusDiaryTests() => _diary = new(validators: 4, _clock);

    [Fact]
    public void A_vote_is_remembered_with_its_height_and_age_and_an_older_one_does_not_lower_it()
    {
        _diary.Heard(new(2), new(7));
        _clock.Advance(3);
        _diary.Heard(new(2), new(5));
        _clock.Advance(1);

        var votes = _diary.Read().Votes;
        Assert.Equal(new VoteNote(new(7), TimeSpan.FromSeconds(1)), votes[2]);
        Assert.Equal([0, 1, 3], Enumerable.Range(0, 4).Where(i => votes[i] is null));
    }

    [Fact]
    public void The_last_phase_is_of_the_highest_block_and_of_the_present_view()
    {
        _diary.Noticed(new Notice.PhaseReached(Phase.Prepared, At(6)));
        _diary.Noticed(new Notice.PhaseReached(Phase.Committed, At(5)));
        Assert.Equal((Phase.Prepared, new Height(6)), _diary.Read().Phase);

        _diary.Noticed(new Notice.EnteredView(new(1), new(1), At(5)));
        Assert.Null(_diary.Read().Phase);
    }

    [Fact]
    public void Time_since_a_final_block_counts_from_the_last_one()
    {
        _clock.Advance(20);
        _diary.Finalised();
        _clock.Advance(4);

        Assert.Equal(TimeSpan.FromSeconds(4), _diary.Read().SinceFinal);
    }

    [Fact]
    public void Of_synced_writes_the_last_64_are_remembered()
    {
        _diary.Synced(TimeSpan.FromSeconds(9));
        for (var i = 0; i < 63; i++)
        {
            _diary.Synced(TimeSpan.FromMilliseconds(2));
        }

        Assert.Equal(TimeSpan.FromSeconds(9), _diary.Read().SyncMax);
        _diary.Synced(TimeSpan.FromMilliseconds(2));
        Assert.Equal(
            (TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(2)),
            (_diary.Read().SyncMean, _diary.Read().SyncMax));
    }

    private static Subject At(ulong height) => new(new(0), new(height), Ledger.Crypto.Digest.Zero);
}
