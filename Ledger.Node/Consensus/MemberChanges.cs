using Ledger.Consensus;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Transport;

namespace Ledger.Node.Consensus;

/// <summary>
/// Tells an admin in words why a change of members would fail, before a transaction for it is ordered. What
/// the ledger refuses it refuses anyway; that a learner is behind or a newcomer out of reach only the leader
/// can know.
/// </summary>
internal sealed class MemberChanges(
    IConsensusProtocol protocol, ConsensusLoop loop, ValidatorDirectory directory, PeerProbe probe,
    TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private TaskCompletionSource<string?>? _open;

    private bool IsRaft => directory.Genesis.Mode == ConsensusMode.Raft;

    /// <returns>Why not, for people; null when the change may be ordered.</returns>
    public async Task<string?> FaultAsync(
        IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        if (protocol.MayChange(new([], [], [])) is not null && !loop.Position.IsPrimary)
        {
            return loop.Position.Primary is { } leader
                ? $"this validator does not lead; {directory.NameOf(leader)} does, ask it"
                : "this validator does not lead, and nobody else does as far as it knows";
        }

        return PlanFault(operations, out var target)
            ?? await EngineFaultAsync(target, cancellationToken).ConfigureAwait(false)
            ?? await ReachFaultAsync(operations, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>On the consensus loop's thread.</summary>
    public void OnAnswered(Notice.MembersAnswered answered)
        => Volatile.Read(ref _open)?.TrySetResult(answered.Reason?.Say(directory.NameOf));

    /// <summary>What the ledger alone shows.</summary>
    private string? PlanFault(IReadOnlyList<Operation> operations, out Membership target)
    {
        var (history, seated) = (directory.History, directory.Seated);
        List<ValidatorIndex> voters = [.. directory.Validators.Indices];
        List<ValidatorIndex> learners = [.. history.Learners];
        List<ValidatorIndex> witnesses = [.. voters.Where(history.IsWitness)];
        target = new(voters, learners, witnesses);
        var seats = history.Seats;
        foreach (var operation in operations)
        {
            var fault = operation switch
            {
                Operation.AddValidator add => Add(add),
                Operation.PromoteValidator promote => Promote(promote.Key),
                Operation.RemoveValidator remove => Remove(remove.Key),
                _ => "only members are added, promoted and removed here",
            };
            if (fault is not null)
            {
                return fault;
            }
        }

        return voters.Count == 0 ? "the last voter cannot be removed"
            : voters.TrueForAll(witnesses.Contains)
            ? "only witnesses would be left: one voter at least must keep blocks"
            : null;

        string? Add(Operation.AddValidator add)
        {
            if (seated.Members.FirstOrDefault(m => m.Name == add.Name || m.PublicKey == add.Key) is { } known)
            {
                return $"{known.Name} is a member already, with the key {known.PublicKey}";
            }

            if (add.IsWitness && !IsRaft)
            {
                return "this network runs PBFT, where who votes must have executed the block: it has no "
                    + "witnesses";
            }

            ValidatorIndex seat = new(seats++);
            (IsRaft && !add.IsWitness ? learners : voters).Add(seat);
            if (add.IsWitness)
            {
                witnesses.Add(seat);
            }

            return null;
        }

        string? Promote(PublicKey key)
        {
            if (!IsRaft)
            {
                return "this network runs PBFT, where one who is added votes at once: there is nothing to "
                    + "promote";
            }

            if (seated.IndexOf(key) is not { } seat)
            {
                return $"no member has the key {key}: add it first";
            }

            if (history.IsWitness(seat))
            {
                return $"{directory.NameOf(seat)} is a witness, which votes already and keeps no blocks: "
                    + "where it is to keep them, remove it and add a validator with a new key";
            }

            if (!learners.Remove(seat))
            {
                return $"{directory.NameOf(seat)} votes already";
            }

            voters.Add(seat);
            return null;
        }

        string? Remove(PublicKey key)
            => seated.IndexOf(key) is not { } seat ? $"no member has the key {key}"
                : voters.Remove(seat) || learners.Remove(seat) ? null
                : $"{directory.NameOf(seat)} is named twice";
    }

    private async Task<string?> EngineFaultAsync(Membership target, CancellationToken cancellationToken)
    {
        if (protocol.MayChange(target) is not { } question)
        {
            return null;
        }

        TaskCompletionSource<string?> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _open, answered, null) is not null)
        {
            return "another admin asks the same now";
        }

        try
        {
            loop.Post(question);
            return await answered.Task.WaitAsync(Patience, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return "consensus did not answer in time";
        }
        finally
        {
            Volatile.Write(ref _open, null);
        }
    }

    private async Task<string?> ReachFaultAsync(
        IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        foreach (var add in operations.OfType<Operation.AddValidator>())
        {
            if (!PeerAddress.TryParse(add.Address, out var host, out var port))
            {
                return $"{add.Name}: '{add.Address}' is not host:port";
            }

            if (await probe.FaultAtAsync(host, port, add.Key, cancellationToken)
                .ConfigureAwait(false) is { } fault)
            {
                return $"{add.Name} is not in reach at {add.Address}: {fault}";
            }
        }

        return null;
    }
}
