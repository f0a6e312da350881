using Ledger.Consensus;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Consensus;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Tests.Consensus;

/// <summary>
/// Seats count from 0 and names from 1: a log that said both would point at the wrong machine.
/// </summary>
public sealed class NoticeLogTests : ILogger
{
    private static readonly Genesis Genesis = new(
        Keys.Chain, ConsensusMode.Raft, new(0),
        [.. Enumerable.Range(0, 3).Select(i => new Validator($"validator-{i + 1}", KeyOf(i)))], Keys.Roles);

    private readonly ValidatorDirectory _directory = ValidatorDirectory.Of(Genesis, KeyOf(0), told: null);
    private string _said = "";

    public static TheoryData<Notice, string> Notices { get; } = new()
    {
        { new Notice.EnteredView(new(4), new(1), default), "its primary is validator-2, its base" },
        { new Notice.LeaderChanged(new(4), new(1)), "validator-2 leads in term 4" },
        { new Notice.LogRefused(new(2), "#7 differs"), "the leader, validator-3, says" },
        {
            new Notice.MembersChanged(
                MembershipPhase.Learning, new RaftConfiguration([new(0), new(1)], [], [new(2)], [])),
            "the voters validator-1, validator-2; learning validator-3"
        },
    };

    [Theory, MemberData(nameof(Notices), DisableDiscoveryEnumeration = true)]
    public void A_validator_is_called_by_its_name(Notice notice, string words)
    {
        NoticeLog.Write(this, notice, _directory);

        Assert.Contains(words, _said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_begins_with_the_name_of_the_validator_it_is_about()
    {
        Refusal about = new("is out of reach", new(2));

        Assert.Equal("validator-3 is out of reach", about.Say(_directory.NameOf));
        Assert.Equal("validator 2 is out of reach", about.ToString());
        Assert.Equal("too many reads wait", new Refusal("too many reads wait").Say(_directory.NameOf));
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) => _said = formatter(state, exception);

    private static PublicKey KeyOf(int seat) => Keys.Of((byte)(seat + 1)).PublicKey;
}
