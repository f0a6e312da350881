using System.Text.Json;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// Waits for what must come to pass, however slow the machine: the deadline is only there so that a test
/// which has failed also ends.
/// </summary>
internal static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <param name="what">What is waited for, for the message when it does not happen.</param>
    /// <param name="holds">Looks; a node that does not answer has not done it yet.</param>
    /// <param name="tells">What helps to find out why it did not happen.</param>
    public static async Task HoldsAsync(string what, Func<Task<bool>> holds, Func<string>? tells = null)
    {
        using CancellationTokenSource deadline = new(Deadline);
        using PeriodicTimer timer = new(LookEvery);
        var obstacle = "";
        do
        {
            try
            {
                if (await holds())
                {
                    return;
                }

                obstacle = "";
            }
            catch (Exception exception) when (IsNoAnswer(exception))
            {
                obstacle = $" ({exception.Message})";
            }
        }
        while (!deadline.IsCancellationRequested && await timer.WaitForNextTickAsync());
        Assert.Fail($"Not within {Deadline.TotalSeconds:0} s: {what}{obstacle}\n{tells?.Invoke()}");
    }

    /// <summary>The node was killed, is starting, or died while it answered.</summary>
    public static bool IsNoAnswer(Exception exception)
        => exception is HttpRequestException or IOException or OperationCanceledException or JsonException;
}
