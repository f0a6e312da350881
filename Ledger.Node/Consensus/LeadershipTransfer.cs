using Ledger.Consensus;
using Ledger.Core;

namespace Ledger.Node.Consensus;

/// <summary>
/// Lets an operator move the leadership to another validator, one transfer at a time, and says how it ended.
/// </summary>
internal sealed class LeadershipTransfer(
    IConsensusProtocol protocol, ConsensusLoop loop, ValidatorDirectory directory, TimeProvider clock)
{
    /// <summary>
    /// A leader gives up on a transfer after its election ticks; with long ticks that may take a while.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(5);

    private TaskCompletionSource<string?>? _open;

    /// <param name="to">Who shall lead; null for whoever lacks least.</param>
    /// <param name="cancellationToken">Ends the waiting, not the transfer.</param>
    /// <returns>Where consensus stands when another leads, or why none does.</returns>
    public async Task<(ConsensusPosition? Position, string Fault)> ToAsync(
        ValidatorIndex? to, CancellationToken cancellationToken)
    {
        if (protocol.HandOver(to) is not { } handOver)
        {
            return (null, "this network runs PBFT, where the view alone says who proposes; leadership "
                + "moves in Raft only");
        }

        TaskCompletionSource<string?> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _open, ended, null) is not null)
        {
            return (null, "another transfer is under way");
        }

        try
        {
            var before = loop.Position;
            loop.Post(handOver);
            return await ended.Task.WaitAsync(Patience, clock, cancellationToken)
                .ConfigureAwait(false) is { } fault
                ? (null, before is { IsPrimary: false, Primary: { } leader }
                    ? $"{fault}; {NameOf(leader)} does, ask it" : fault)
                : await OutcomeAsync(to, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return (null, "consensus did not answer in time");
        }
        finally
        {
            Volatile.Write(ref _open, null);
        }
    }

    /// <summary>On the consensus loop's thread.</summary>
    public void OnEnded(Notice.TransferEnded ended) => Volatile.Read(ref _open)?.TrySetResult(ended.Reason);

    /// <summary>This validator leads no more; whoever does will say so.</summary>
    private async Task<(ConsensusPosition? Position, string Fault)> OutcomeAsync(
        ValidatorIndex? to, CancellationToken cancellationToken)
    {
        var since = clock.GetTimestamp();
        using PeriodicTimer timer = new(LookEvery, clock);
        while (clock.GetElapsedTime(since) < Patience)
        {
            var position = loop.Position;
            if (position.Primary is { } leader && leader != directory.Self)
            {
                return to is null || leader == to
                    ? (position, "")
                    : (null, $"{NameOf(leader)} leads in term {position.View} instead");
            }

            await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }

        return (null, "this validator leads no more, and nobody else does yet");
    }

    private string NameOf(ValidatorIndex validator) => directory.NameOf(validator);
}
