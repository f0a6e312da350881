namespace Ledger.Node.Hosting;

/// <summary>
/// A loop that blocks on the disk has a thread of its own: on the pool it would take one of few from
/// everybody who answers peers and clients.
/// </summary>
internal static class DedicatedThread
{
    /// <returns>Completes when the body returns, faults when it throws.</returns>
    public static Task Run(string name, Action body)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            try
            {
                body();
                ended.SetResult();
            }
            catch (Exception exception)
            {
                ended.SetException(exception);
            }
        })
        {
            IsBackground = true,
            Name = name,
        };
        thread.Start();
        return ended.Task;
    }
}
