namespace Ledger.Cli.Client;

/// <summary>
/// One request to several nodes in turn: the next is asked when one refuses, and beside one that is silent
/// for a while, so that a node which takes connections and says nothing costs that while and not the whole
/// time. The first answer counts, and the others are given up.
/// </summary>
/// <param name="ask">
/// Asks one node. A refusal is one that another node need not share; an answer is the caller's.
/// </param>
internal sealed class HedgedRequest(
    IReadOnlyList<Uri> nodes, TimeSpan patience,
    Func<Uri, CancellationToken, Task<(HttpResponseMessage? Answer, NodeRefusal? Refusal)>> ask)
{
    /// <summary>Longer than a healthy network takes for a block, however far apart its nodes are.</summary>
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(2);

    /// <summary>How long a node may be silent: each has its turn before the time is up.</summary>
    public static TimeSpan PatienceOf(TimeSpan timeout, int nodes)
        => timeout / nodes < PatienceMax ? timeout / nodes : PatienceMax;

    /// <param name="first">Whom to ask first, by its place.</param>
    /// <returns>The answer, and the place of the node that gave it.</returns>
    public async Task<(HttpResponseMessage Answer, int Node)> SendAsync(
        int first, CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<NodeRefusal> refusals = [];
        Dictionary<Task<(HttpResponseMessage? Answer, NodeRefusal? Refusal)>, int> asked = [];
        try
        {
            for (var turn = 0; turn < nodes.Count || asked.Count > 0; turn++)
            {
                if (turn < nodes.Count)
                {
                    var node = (first + turn) % nodes.Count;
                    asked.Add(ask(nodes[node], giveUp.Token), node);
                }

                var wait = turn < nodes.Count - 1 ? patience : Timeout.InfiniteTimeSpan;
                if (await FirstAsync(asked.Keys, wait, cancellationToken) is not { } done)
                {
                    continue;
                }

                asked.Remove(done, out var place);
                var (answer, refusal) = await done;
                if (answer is not null)
                {
                    return (answer, place);
                }

                refusals.Add(refusal!);
            }
        }
        finally
        {
            await giveUp.CancelAsync();
            await Task.WhenAll(asked.Keys.Select(DropAsync));
        }

        throw new NoNodeAnswersException(refusals);
    }

    /// <returns>Null when none has come in time.</returns>
    private static async Task<Task<T>?> FirstAsync<T>(
        IEnumerable<Task<T>> asked, TimeSpan wait, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.WhenAny(asked).WaitAsync(wait, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static async Task DropAsync(Task<(HttpResponseMessage? Answer, NodeRefusal? Refusal)> given)
    {
        try
        {
            using var answer = (await given).Answer;
        }
        catch (OperationCanceledException)
        {
            // It was given up before it answered.
        }
    }
}
