using Ledger.Cli.Doctor;
using Ledger.Node.Api;

namespace Ledger.Cli.Tests.Doctor;

/// <summary>
/// Of several nodes' words about the members, the newest counts, in whatever order they come.
/// </summary>
public sealed class MembersHeardTests
{
    private static readonly string[] Three = ["validator-2", "validator-3", "validator-4"];

    [Fact]
    public void One_that_was_removed_and_stands_still_does_not_name_the_members()
        => AssertThree(Word(9, "settled", Clinic.Names), Word(12, "settled", Three));

    [Fact]
    public void At_one_height_the_word_of_who_has_heard_the_end_of_the_change_counts()
        => AssertThree(Word(12, "leaving", Clinic.Names), Word(12, "settled", Three));

    [Fact]
    public void Nobody_tells_nothing() => Assert.Null(MembersHeard.Newest([]));

    private static void AssertThree(params MembersHeard[] heard)
    {
        Assert.Equal(Three, MembersHeard.Newest(heard)!.Select(one => one.Name));
        Assert.Equal(Three, MembersHeard.Newest(heard.Reverse())!.Select(one => one.Name));
    }

    /// <summary>The first of them is in this phase; the others are settled.</summary>
    private static MembersHeard Word(ulong height, string phase, string[] names) => new(
        Clinic.Well("raft").Visits[0].Status! with { Height = height },
        [.. names.Select((name, i) => new ValidatorReply(
            i, name, $"key-{i}", Phase: i == 0 ? phase : ValidatorReply.Settled))]);
}
